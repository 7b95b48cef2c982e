#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The monotonic clock, in seconds.
enum Clock {
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The smallest step between two different readings, as the best of a few tries.
  static let resolution: Double = {
    (0..<32).map { _ in
      let start = now()
      var end = now()
      while end == start { end = now() }
      return end - start
    }.min() ?? 1e-6
  }()
}
