// PeriodicThread.swift: a thread that does one small thing now and then until it is told to stop.

internal import Foundation

/// Runs a closure at intervals, first after one interval.
final class PeriodicThread: Sendable {
  private let stop = Stop()

  init(every seconds: Double, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread { [stop] in
      while !stop.wait(seconds) { body() }
    }
    thread.name = "energy"
    thread.start()
  }

  /// Ends the thread at once, or after the call of the closure that is under way.
  func cancel() {
    stop.set()
  }

  // NSCondition guards the flag, which the compiler cannot see.
  private final class Stop: @unchecked Sendable {
    private let condition = NSCondition()
    private var isSet = false

    func set() {
      condition.lock()
      isSet = true
      condition.signal()
      condition.unlock()
    }

    /// Waits for the flag or the end of the time; returns the flag.
    func wait(_ seconds: Double) -> Bool {
      condition.lock()
      defer { condition.unlock() }
      let deadline = Date(timeIntervalSinceNow: seconds)
      // wait(until:) returns false when the time is up, and true also without cause.
      while !isSet, condition.wait(until: deadline) {}
      return isSet
    }
  }
}
