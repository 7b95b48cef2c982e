// PAPICounters.swift: the processor's own counters.

internal import CMachine

/// Hardware events through PAPI, in user code, thread by thread.
///
/// PAPI says of many an event that it exists, and of some that they count, when they do not. So each is
/// added, started and must have counted over work that cannot but raise it, before it is believed.
public struct PAPICounters: CounterSource {
  public let name = "papi"
  /// "PAPI 7.0".
  public let version: String
  /// PAPI's name of each event that counts here, or why it does not.
  public let events: [(event: CounterEvent, name: Availability<String>)]
  /// Whether the events do not fit the hardware together, so that they take turns.
  public let isMultiplexed: Bool

  /// What to ask PAPI for, the best name first.
  private static let names: [(event: CounterEvent, names: [String])] = [
    (.cycles, ["PAPI_TOT_CYC"]),
    (.instructions, ["PAPI_TOT_INS"]),
    (.l1Misses, ["PAPI_L1_DCM"]),
    (.l2Misses, ["PAPI_L2_DCM", "PAPI_L2_TCM"]),
    (.l3Misses, ["PAPI_L3_TCM", "PAPI_L3_DCM", "perf::CACHE-MISSES"]),
    (.branchMisses, ["PAPI_BR_MSP"]),
    (.stalledCycles, ["PAPI_RES_STL", "perf::STALLED-CYCLES-BACKEND"]),
  ]

  /// Loads PAPI and tries every event, which takes some tenths of a second.
  public static func open() -> Availability<PAPICounters> {
    loaded().map { PAPICounters($0) }
  }

  static func loaded() -> Availability<cmachine_papi_state> {
    let state = cmachine_papi_load()
    switch Int(state.status) {
    case CMACHINE_PAPI_READY: return .value(state)
    case CMACHINE_PAPI_ABSENT:
      return .unavailable(reason: "no libpapi is installed: sudo apt-get install libpapi-dev")
    case CMACHINE_PAPI_UNKNOWN:
      return .unavailable(reason: "libpapi lacks a function that PAPI 5.4 and later have")
    default:
      let reason = state.reason.map { String(cString: $0) } ?? "no reason given"
      return .unavailable(reason: "PAPI does not start: \(reason)")
    }
  }

  private init(_ state: cmachine_papi_state) {
    version = "PAPI \(state.major).\(state.minor)"
    events = Self.names.map { event, names in (event, Self.probed(names)) }
    let usable = events.compactMap(\.name.value)
    isMultiplexed = usable.count > 1 && state.can_multiplex != 0 && !Self.fit(usable)
  }

  /// The first of the names that counts, or the reason of the first.
  private static func probed(_ names: [String]) -> Availability<String> {
    let results = names.map { ($0, probe($0)) }
    if let counting = results.first(where: { $0.1 == nil }) { return .value(counting.0) }
    return .unavailable(reason: "\(names[0]): \(results[0].1 ?? "")")
  }

  /// Why an event does not count; nil if it does.
  private static func probe(_ name: String) -> String? {
    var set: Int32 = 0
    var code = cmachine_papi_create(0, &set)
    guard code == 0 else { return error(code) }
    defer { cmachine_papi_destroy(set) }
    code = cmachine_papi_add(set, name)
    guard code == 0 else { return error(code) }
    code = cmachine_papi_start(set)
    guard code == 0 else { return error(code) }
    _ = cmachine_busy()
    var count: Int64 = 0
    code = cmachine_papi_stop(set, &count)
    guard code == 0 else { return error(code) }
    return count > 0 ? nil : "it can be added and started, but is not counting"
  }

  /// Whether the hardware counts all of them at once.
  private static func fit(_ names: [String]) -> Bool {
    var set: Int32 = 0
    guard cmachine_papi_create(0, &set) == 0 else { return false }
    defer { cmachine_papi_destroy(set) }
    guard names.allSatisfy({ cmachine_papi_add(set, $0) == 0 }), cmachine_papi_start(set) == 0
    else { return false }
    _ = cmachine_busy()
    var counts = [Int64](repeating: 0, count: names.count)
    return cmachine_papi_stop(set, &counts) == 0 && counts.allSatisfy { $0 > 0 }
  }

  static func error(_ code: Int32) -> String {
    "\(String(cString: cmachine_papi_error(code))) (PAPI error \(code))"
  }

  public func count(_ work: CountedWork) -> [CounterReading] {
    let usable = events.compactMap { event, name in name.value.map { (event, $0) } }
    let counted =
      usable.isEmpty
      ? [] : work.counted { [isMultiplexed] in Counters(usable, isMultiplexed: isMultiplexed) }
    let missing = events.compactMap { event, name in
      name.reason.map { CounterReading(event: event, value: .unavailable(reason: $0)) }
    }
    return counted + missing
  }

  private final class Counters: ThreadCounters {
    private let events: [CounterEvent]
    private let isMultiplexed: Bool
    private var set: Int32 = 0
    private var code: Int32

    init(_ events: [(event: CounterEvent, name: String)], isMultiplexed: Bool) {
      self.events = events.map(\.event)
      self.isMultiplexed = isMultiplexed
      code = cmachine_papi_create(isMultiplexed ? 1 : 0, &set)
      for event in events where code == 0 { code = cmachine_papi_add(set, event.name) }
    }

    deinit { cmachine_papi_destroy(set) }

    func start() {
      if code == 0 { code = cmachine_papi_start(set) }
    }

    func stop() -> [ThreadCount] {
      var values = [Int64](repeating: 0, count: events.count)
      if code == 0 { code = cmachine_papi_stop(set, &values) }
      return zip(events, values).map { event, value in
        ThreadCount(
          event: event,
          value: code == 0 ? .value(Double(value)) : .unavailable(reason: PAPICounters.error(code)),
          isScaled: isMultiplexed)
      }
    }
  }
}
