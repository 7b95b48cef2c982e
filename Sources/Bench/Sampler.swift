internal import MPGEMM
internal import Statistics

/// Lets the participants of a case take turns until each has been measured enough.
struct Sampler {
  /// Seconds of measured time for a kernel, at least.
  var minTime: Double
  /// Seconds of measured time for a kernel that is noisier than the target, at most.
  var maxTime: Double
  /// The target: half the width of the median's interval, over the median.
  var maxNoise: Double
  /// Seconds of measured time for a read probe, which varies less and only gives a ceiling.
  var minProbeTime = 0.02
  var random: SplitMix64
  /// The number of the next sample of the run.
  var order = 0

  /// An interval of the median needs so many, however long each takes.
  static let minSamples = Bootstrap.fewest
  /// How many samples the minimum time is divided into: enough for a narrow interval of the median.
  static let samplesPerMinTime = 25.0
  /// More samples hardly narrow an interval that has not narrowed by then.
  static let maxSamples = 100
  /// How many samples are taken between two looks at the noise: looking often finds luck.
  static let samplesPerLook = 5
  /// A call this long has forgotten what ran before it: warming the caches again takes microseconds.
  static let longCallSeconds = 0.02
  /// A sample is at least this long, so that the clock's steps are below 0.1 %.
  static let minSampleSeconds = max(2e-4, 1000 * Clock.resolution)

  init(minTime: Double, maxTime: Double? = nil, maxNoise: Double = 0.015, seed: UInt64) {
    self.minTime = minTime
    self.maxTime = max(minTime, maxTime ?? 3 * minTime)
    self.maxNoise = maxNoise
    random = SplitMix64(seed: seed)
  }

  /// Chooses how many calls a sample averages, from how long one call took.
  func callsPerSample(callSeconds: Double, of minTime: Double) -> Int {
    let seconds = max(Self.minSampleSeconds, minTime / Self.samplesPerMinTime)
    return max(1, Int((seconds / max(callSeconds, 1e-9)).rounded(.up)))
  }

  /// Warms a participant up and sizes its samples.
  func prepare(_ participant: Participant, firstCallSeconds: Double) {
    let minTime = participant.isProbe ? minProbeTime : minTime
    participant.needsWarmUp = firstCallSeconds < Self.longCallSeconds
    let settled =
      participant.needsWarmUp
      ? participant.warmUp(from: firstCallSeconds, within: minTime * WarmUp.share)
      : firstCallSeconds
    participant.callsPerSample = callsPerSample(callSeconds: settled, of: minTime)
  }

  /// Samples in rounds: in each, every unfinished participant has one turn, in random order.
  mutating func sample(_ participants: [Participant]) {
    var unfinished = participants
    while !unfinished.isEmpty {
      unfinished.shuffle(using: &random)
      for participant in unfinished {
        participant.takeSample(order: order)
        order += 1
      }
      unfinished.removeAll(where: isFinished)
    }
  }

  /// Samples kernels and probes together.
  mutating func sample(kernels: [Participant], probes: [Participant]) {
    sample(kernels + probes)
  }

  /// Who has finished takes no further turn: repetition n of all is round n.
  private func isFinished(_ participant: Participant) -> Bool {
    let count = participant.samples.count
    if participant.failure != nil || count >= Self.maxSamples { return true }
    let minTime = participant.isProbe ? minProbeTime : minTime
    guard count >= Self.minSamples, participant.measuredSeconds >= minTime else { return false }
    if participant.isProbe || participant.measuredSeconds >= maxTime { return true }
    guard count.isMultiple(of: Self.samplesPerLook) || count == Self.minSamples else {
      return false
    }
    return !isNoisy(participant.samples)
  }

  /// Whether samples miss the noise target; too few for an interval do.
  func isNoisy(_ samples: [Sample]) -> Bool {
    let times = samples.map(\.time)
    guard let interval = Bootstrap().interval(ofMedianOfTimes: times) else { return true }
    return interval.relativeHalfWidth(of: Statistics.median(times)) > maxNoise
  }
}
