// Checkup+Counters.swift: what can be counted here, and who forbids the rest.

internal import CMachine

extension Checkup {
  static func permissions(_ machine: Machine, root: String) -> [Finding] {
    [
      paranoid(machine.operatingSystem),
      .of("ptrace", PtracePermission.read(root: root)) { permission in
        let scope = permission.scope.map { "Yama's scope is \($0)" } ?? "no Yama"
        return .ok("ptrace", "\(scope): a process may trace its children")
      },
    ]
  }

  /// From this level on nobody but root has counters; Debian's kernels know 3, others stop at 2.
  private static let hidesAll = 3

  private static func paranoid(_ system: OperatingSystem) -> Finding {
    let topic = "perf_event_paranoid"
    return .of(topic, system.perfEventParanoid) { level in
      level < hidesAll
        ? .ok(topic, "\(level): user code may be counted")
        : .warn(
          topic, "\(level): no counters for users, and PAPI has none even for root",
          remedy: "sudo sysctl kernel.perf_event_paranoid=2")
    }
  }

  /// Tries every source of counts.
  static func counters() -> [Finding] {
    papi() + [software(), stepping()]
  }

  private static func papi() -> [Finding] {
    switch PAPICounters.open() {
    case .unavailable(let reason):
      return [.unavailable("PAPI", reason, remedy: "sudo apt-get install libpapi-dev")]
    case .value(let papi):
      let counting = papi.events.filter { $0.name.value != nil }.map(\.event.rawValue)
      let missing = papi.events.compactMap { event, name in
        name.reason.map { "\(event.rawValue): \($0)" }
      }
      let counts = "\(papi.version); counts \(counting.joined(separator: ", "))"
      let version: Finding =
        counting.isEmpty
        ? .unavailable("PAPI", "\(papi.version); no hardware event counts")
        : .ok("PAPI", papi.isMultiplexed ? "\(counts), in turns (scaled)" : counts)
      return missing.isEmpty
        ? [version]
        : [version, .unavailable("PAPI events", missing.joined(separator: "; "))]
    }
  }

  private static func software() -> Finding {
    let work = CountedWork(
      threads: 1, calls: 1, onEachThread: { $0(0) }, call: { _ = cmachine_busy() }, parts: [])
    let readings = SoftwareCounters().count(work)
    let missing = readings.compactMap { reading in
      reading.value.reason.map { "\(reading.event.rawValue): \($0)" }
    }
    guard missing.isEmpty else {
      return .unavailable("software counters", missing.joined(separator: "; "))
    }
    return .ok("software counters", readings.map(\.event.rawValue).joined(separator: ", "))
  }

  private static func stepping() -> Finding {
    let count = InstructionStepper(limit: 1000).count(cmachine_nothing, argument: nil)
    return .of("single-stepping", count) { _ in
      .ok("single-stepping", "works: --counters step has exact instruction counts")
    }
  }

  static func energy(_ report: MeterReport) -> Finding {
    switch report.source {
    case .value(let source): return .ok("energy", source)
    case .unavailable(let reason):
      let isDenied = reason.contains("Permission denied")
      return .unavailable(
        "energy", reason,
        remedy: isDenied ? "sudo chmod o+r /sys/class/powercap/intel-rapl*/energy_uj" : nil)
    }
  }
}
