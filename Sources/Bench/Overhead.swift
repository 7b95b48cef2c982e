internal import Statistics

/// What measuring costs: readings of the clock that lie within the time measured.
enum Overhead {
  /// Of so many calls one has its stages timed; the others run between two readings of the clock.
  static let callsPerStagedCall = 8
  /// A staged call reads at its begin, at its end and between its three stages.
  static let readingsPerStagedCall = 4

  /// How many readings lie within a sample's time: those of its staged calls, and half of the first and last.
  static func readings(calls: Int, perStagedCall: Int = readingsPerStagedCall) -> Int {
    1 + perStagedCall * ((calls + callsPerStagedCall - 1) / callsPerStagedCall)
  }

  /// The share of a sample's time that went into reading the clock.
  static func share(of sample: Sample, perStagedCall: Int = readingsPerStagedCall) -> Double {
    Double(readings(calls: sample.calls, perStagedCall: perStagedCall)) * readingSeconds
      / (sample.time * Double(sample.calls))
  }

  /// Seconds that one reading takes: the median of batches, once a process.
  static let readingSeconds: Double = {
    let readings = 1000
    return Statistics.median(
      (0..<15).map { _ in
        let start = Clock.now()
        for _ in 0..<readings { _ = Clock.now() }
        return (Clock.now() - start) / Double(readings + 1)
      })
  }()
}
