// SoftwareCounters.swift: what the operating system itself counts of a thread.

internal import CMachine

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Time on a CPU, page faults, context switches and migrations, through perf_event_open(2).
public struct SoftwareCounters: CounterSource {
  public let name = "software"

  public init() {}

  private static let events: [(event: CounterEvent, number: Int)] = [
    (.taskClock, CMACHINE_PERF_TASK_CLOCK), (.pageFaults, CMACHINE_PERF_PAGE_FAULTS),
    (.contextSwitches, CMACHINE_PERF_SWITCHES), (.migrations, CMACHINE_PERF_MIGRATIONS),
  ]

  public func count(_ work: CountedWork) -> [CounterReading] {
    work.counted { Counters() }
  }

  private final class Counters: ThreadCounters {
    private let descriptors: [(event: CounterEvent, descriptor: Availability<Int32>)]

    init() {
      descriptors = SoftwareCounters.events.map { event, number in
        (event, SoftwareCounters.open(number))
      }
    }

    deinit {
      for case (_, .value(let descriptor)) in descriptors { cmachine_perf_close(descriptor) }
    }

    func start() {
      for case (_, .value(let descriptor)) in descriptors { _ = cmachine_perf_start(descriptor) }
    }

    func stop() -> [ThreadCount] {
      descriptors.map { event, descriptor in
        var isScaled = false
        let value = descriptor.flatMap { SoftwareCounters.read($0, &isScaled) }
        return ThreadCount(event: event, value: value, isScaled: isScaled)
      }
    }
  }

  /// Switches and migrations happen in the kernel, so it is counted where that is permitted.
  private static func open(_ number: Int) -> Availability<Int32> {
    var descriptor: Int32 = -1
    if cmachine_perf_open(Int32(number), 1, &descriptor) == 0 { return .value(descriptor) }
    let code = cmachine_perf_open(Int32(number), 0, &descriptor)
    guard code != 0 else {
      let needsKernel = number == CMACHINE_PERF_SWITCHES || number == CMACHINE_PERF_MIGRATIONS
      guard needsKernel else { return .value(descriptor) }
      cmachine_perf_close(descriptor)
      return .unavailable(
        reason: "it happens in the kernel, which perf_event_paranoid hides: "
          + "sudo sysctl kernel.perf_event_paranoid=1")
    }
    return .unavailable(reason: "perf_event_open: \(String(cString: strerror(code)))")
  }

  private static func read(_ descriptor: Int32, _ isScaled: inout Bool) -> Availability<Double> {
    var value: UInt64 = 0
    var enabled: UInt64 = 0
    var running: UInt64 = 0
    let code = cmachine_perf_stop(descriptor, &value, &enabled, &running)
    guard code == 0 else {
      return .unavailable(reason: "reading the counter: \(String(cString: strerror(code)))")
    }
    guard running > 0 else { return .unavailable(reason: "the counter never ran") }
    isScaled = running < enabled
    return .value(Double(value) * (isScaled ? Double(enabled) / Double(running) : 1))
  }
}
