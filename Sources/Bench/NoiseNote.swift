/// What a row says of samples that miss the noise target: which option would help.
enum NoiseNote {
  /// The note on a kernel that is too slow to be called again.
  static func singleSample(_ sweepCase: SweepCase) -> String {
    let remedy = "so no interval: raise --single-sample-above"
    guard let ring = sweepCase.target.ring else { return "single sample, \(remedy)" }
    return "single sample of 1 layer, times \(ring.layers), \(remedy)"
  }

  /// The note on a participant that has finished; nil where it meets the target.
  ///
  /// Equal causes give equal notes, so that a report can list the kernels of each.
  static func text(
    _ participant: Participant, _ sampler: Sampler, _ sweepCase: SweepCase,
    usableThreads: Int
  ) -> String? {
    guard !participant.samples.isEmpty, sampler.isNoisy(participant.samples) else { return nil }
    let target = "noisier than --max-noise \(sampler.maxNoise)"
    if sweepCase.threads >= usableThreads && usableThreads > 1 {
      return "\(target): no processor is left to others, lower --threads"
    }
    return participant.samples.count >= Sampler.maxSamples
      ? "\(target) after \(Sampler.maxSamples) samples: raise --min-time, which lengthens samples"
      : "\(target) after --max-time: raise it"
  }
}
