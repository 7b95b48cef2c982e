// MeterClock.swift: the time that energy is measured over.

internal import Foundation

/// A clock that never goes back, and a way to let it run; a test gives both.
struct MeterClock: Sendable {
  /// Seconds since some moment.
  var now: @Sendable () -> Double
  /// Returns after at least so many seconds.
  var sleep: @Sendable (_ seconds: Double) -> Void

  /// The system's, which goes on while the machine is suspended, as do hardware counters' wraps.
  static var system: MeterClock {
    let start = ContinuousClock.now
    return MeterClock(
      now: { start.duration(to: .now) / .seconds(1) },
      sleep: { Thread.sleep(forTimeInterval: $0) })
  }
}
