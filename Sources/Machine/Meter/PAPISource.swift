// PAPISource.swift: RAPL energy counters through PAPI's component of that name.

internal import CMachine
internal import Synchronization

/// The energies of PAPI's component `rapl`, which reads a processor's registers where powercap is absent.
///
/// PAPI's other component, `powercap`, shows the files of `PowercapSource` without their names: ZONE1 may be
/// the second package or the platform, so it is not used.
struct PAPISource: EnergySource {
  let name = "papi rapl"
  let library: any EnergyEventLibrary

  /// More packages than any machine that runs RAPL has.
  private static let packages = 16
  private static let energies: [(event: String, part: String, scope: EnergyScope)] = [
    ("PACKAGE_ENERGY", "", .package),
    ("DRAM_ENERGY", "/dram", .memory),
    ("PP0_ENERGY", "/core", .part),
    ("PP1_ENERGY", "/uncore", .part),
    ("PSYS_ENERGY", "/psys", .platform),
  ]

  func channels() -> Availability<[EnergyChannel]> {
    let wanted = (0..<Self.packages).flatMap { package in
      Self.energies.map { energy in
        (
          event: "rapl:::\(energy.event):PACKAGE\(package)",
          name: "package-\(package)\(energy.part)", scope: energy.scope
        )
      }
    }
    return library.start(wanted.map(\.event)).map { events in
      wanted.compactMap { wanted in
        events.first { $0.name == wanted.event }.map { event in
          // PAPI counts from its start and follows one wrap of the register; no range says where a second ends.
          EnergyChannel(
            name: wanted.name, place: wanted.event, scope: wanted.scope,
            quantity: .counter(range: nil)
          ) { event.nanojoules().map { $0 / 1000 } }
        }
      }
    }
  }
}

/// What reads energies by the names of events.
protocol EnergyEventLibrary: Sendable {
  /// Starts those of the events that there are; a reason where there is none.
  func start(_ events: [String]) -> Availability<[EnergyEvent]>
}

/// An energy that is being counted.
struct EnergyEvent: Sendable {
  let name: String
  /// Since its start.
  let nanojoules: @Sendable () -> Availability<UInt64>
}

/// PAPI, if the machine has it and it was built with the component.
struct PAPIEnergyEvents: EnergyEventLibrary {
  func start(_ events: [String]) -> Availability<[EnergyEvent]> {
    PAPICounters.loaded().flatMap { _ in
      var set: Int32 = 0
      let code = cmachine_papi_create(0, &set)
      guard code == 0 else { return .unavailable(reason: PAPICounters.error(code)) }
      let refusals = events.map { cmachine_papi_add(set, $0) }
      let known = zip(events, refusals).filter { $0.1 == 0 }.map(\.0)
      let refusal = known.isEmpty ? refusals.first ?? 0 : cmachine_papi_start(set)
      guard !known.isEmpty, refusal == 0 else {
        cmachine_papi_destroy(set)
        return .unavailable(
          reason: "\(known.first ?? events.first ?? "no event"): \(PAPICounters.error(refusal)); "
            + "Debian's PAPI lacks its component rapl, which must be able to read /dev/cpu/*/msr")
      }
      // They run as long as the process does.
      let running = RunningSet(set: set, count: known.count)
      return .value(
        known.indices.map { index in
          EnergyEvent(name: known[index]) { running.value(index) }
        })
    }
  }

  private final class RunningSet: Sendable {
    private let set: Mutex<Int32>
    private let count: Int

    init(set: Int32, count: Int) {
      self.set = Mutex(set)
      self.count = count
    }

    func value(_ index: Int) -> Availability<UInt64> {
      var values = [Int64](repeating: 0, count: count)
      let code = set.withLock { cmachine_papi_read($0, &values) }
      guard code == 0 else { return .unavailable(reason: PAPICounters.error(code)) }
      return UInt64(exactly: values[index]).map { .value($0) }
        ?? .unavailable(reason: "PAPI gives an energy below 0: \(values[index])")
    }
  }
}
