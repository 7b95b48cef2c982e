// ThreadCounts.swift: counters that each thread starts and stops for itself.

internal import Synchronization

/// What one thread's counters showed, event by event.
struct ThreadCount: Sendable {
  let event: CounterEvent
  let value: Availability<Double>
  var isScaled = false
}

/// Counters of one thread; made, used and closed on that thread.
protocol ThreadCounters: AnyObject {
  func start()
  func stop() -> [ThreadCount]
}

extension CountedWork {
  /// Does the work with counters on every thread.
  ///
  /// - Parameter open: Makes the calling thread's counters.
  /// - Returns: For each event the sum over the threads, then each thread's own if there are several.
  func counted(_ open: @escaping @Sendable () -> any ThreadCounters) -> [CounterReading] {
    let counters = PerThread(threads)
    onEachThread { thread in
      counters.set(open(), for: thread)
    }
    // Once uncounted: what follows finds the caches as calls in a row leave them.
    call()
    onEachThread { counters[$0]?.start() }
    for _ in 0..<calls { call() }
    let results = Mutex<[Int: [ThreadCount]]>([:])
    onEachThread { thread in
      let counts = counters[thread]?.stop() ?? []
      counters.set(nil, for: thread)
      results.withLock { $0[thread] = counts }
    }
    return readings(results.withLock { $0 })
  }

  private func readings(_ counts: [Int: [ThreadCount]]) -> [CounterReading] {
    guard let first = counts[0] else { return [] }
    return first.indices.flatMap { index -> [CounterReading] in
      let each = (0..<threads).compactMap { counts[$0]?[index] }
      var sum = Availability.value(0.0)
      for count in each {
        sum = sum.flatMap { sum in count.value.map { sum + $0 } }
      }
      let total = reading(first[index].event, sum, isScaled: each.contains { $0.isScaled })
      guard threads > 1 else { return [total] }
      return [total]
        + each.enumerated().map { thread, count in
          reading(count.event, count.value, isScaled: count.isScaled, thread: thread)
        }
    }
  }

  private func reading(
    _ event: CounterEvent, _ value: Availability<Double>, isScaled: Bool, thread: Int? = nil
  ) -> CounterReading {
    CounterReading(
      event: event, thread: thread, value: value.map { $0 / Double(calls) }, calls: calls,
      isScaled: isScaled)
  }
}

/// A place for each thread's counters, which no other thread touches.
private final class PerThread: @unchecked Sendable {
  private let counters: UnsafeMutableBufferPointer<(any ThreadCounters)?>

  init(_ threads: Int) {
    counters = .allocate(capacity: threads)
    counters.initialize(repeating: nil)
  }

  deinit {
    counters.deinitialize()
    counters.deallocate()
  }

  subscript(thread: Int) -> (any ThreadCounters)? { counters[thread] }

  func set(_ value: (any ThreadCounters)?, for thread: Int) {
    counters[thread] = value
  }
}
