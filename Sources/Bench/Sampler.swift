internal import MPGEMM

/// Lets the participants of a case take turns until each has been measured enough.
struct Sampler {
  /// Seconds of measured time for a kernel.
  var minTime: Double
  /// Seconds of measured time for a read probe, which varies less and only gives a ceiling.
  var minProbeTime = 0.02
  var random: SplitMix64
  /// The number of the next sample of the run.
  var order = 0

  /// A median and its deviation need a few samples, however long each takes.
  static let minSamples = 5
  /// How many samples the minimum time is divided into: enough for an interval of the median.
  static let samplesPerMinTime = 25.0
  /// Where the machine is so noisy that the minimum time is not reached earlier.
  static let maxSamples = 100
  /// A call this long has forgotten what ran before it: warming the caches again takes microseconds.
  static let longCallSeconds = 0.02
  /// A sample is at least this long, so that reading the clock and its steps are below 0.1 %.
  static let minSampleSeconds = max(2e-4, 1000 * Clock.resolution)

  init(minTime: Double, seed: UInt64) {
    self.minTime = minTime
    random = SplitMix64(seed: seed)
  }

  /// Chooses how many calls a sample averages, from how long one call took.
  func callsPerSample(callSeconds: Double, of minTime: Double) -> Int {
    let seconds = max(Self.minSampleSeconds, minTime / Self.samplesPerMinTime)
    return max(1, Int((seconds / max(callSeconds, 1e-9)).rounded(.up)))
  }

  /// Samples in rounds: in each, every unfinished participant has one turn, in random order.
  mutating func sample(_ participants: [Participant], minTime: (Participant) -> Double) {
    var unfinished = participants
    while !unfinished.isEmpty {
      unfinished.shuffle(using: &random)
      for participant in unfinished {
        participant.takeSample(order: order)
        order += 1
      }
      unfinished.removeAll { participant in
        let count = participant.samples.count
        return participant.failure != nil || count >= Self.maxSamples
          || (count >= Self.minSamples
            && participant.measuredSeconds >= minTime(participant))
      }
    }
  }

  /// Samples kernels and probes together.
  mutating func sample(kernels: [Participant], probes: [Participant]) {
    let (kernelTime, probeTime) = (minTime, minProbeTime)
    sample(kernels + probes) { $0.isProbe ? probeTime : kernelTime }
  }
}
