internal import Results
internal import Statistics

/// The samples of a run by kernel and case, so that two kernels can be compared round by round.
///
/// Kernels that took turns gave one sample each in every round until they had enough: repetition n
/// of all was taken in round n, and the stretches of the run's order that they fill overlap.
struct Turns {
  /// The samples that one kernel gave without a break.
  private struct Stretch {
    var orders: ClosedRange<Int>
    var times: [(round: Int, seconds: Double)]
  }

  private struct Key: Hashable {
    let kernel: String
    let model: String
    let layer: String
    let outFeatures: Int
    let inFeatures: Int
    let tokens: Int
    let threads: Int
    let cache: CacheRegime
  }

  private var stretches: [Key: [Stretch]] = [:]

  init(_ samples: [SampleRow]) {
    for sample in samples.sorted(by: { $0.order < $1.order }) {
      let key = Key(
        kernel: sample.kernel, model: sample.model, layer: sample.layer,
        outFeatures: sample.outFeatures, inFeatures: sample.inFeatures, tokens: sample.tokens,
        threads: sample.threads, cache: sample.cache)
      let time = (round: sample.repetition, seconds: sample.timeSeconds)
      var known = stretches[key] ?? []
      // A kernel that anchors several groups begins to count anew in each.
      if let last = known.last?.times.last, last.round < time.round {
        let end = known.count - 1
        known[end].times.append(time)
        known[end].orders = known[end].orders.lowerBound...sample.order
      } else {
        known.append(Stretch(orders: sample.order...sample.order, times: [time]))
      }
      stretches[key] = known
    }
  }

  /// What two rows' kernels measured in turns, counted as often as the layer occurs.
  ///
  /// - Returns: Nil when they did not take turns.
  func part(_ own: KernelRow, _ other: KernelRow) -> Bootstrap.Part? {
    for mine in stretches[key(own)] ?? [] {
      for theirs in stretches[key(other)] ?? [] where mine.orders.overlaps(theirs.orders) {
        return Bootstrap.Part(
          own: RoundSeries(mine.times), other: RoundSeries(theirs.times), count: own.layerCount)
      }
    }
    return nil
  }

  /// How many times faster one row's kernel was than another's; nil when they did not take turns.
  func speedRatio(of own: KernelRow, over other: KernelRow) -> SpeedRatio? {
    part(own, other).flatMap { Bootstrap().speedRatio(of: $0.own, over: $0.other) }
  }

  /// All times of a row, in the order in which they were taken.
  func seconds(of row: KernelRow) -> [Double] {
    (stretches[key(row)] ?? []).flatMap { $0.times.map(\.seconds) }
  }

  private func key(_ row: KernelRow) -> Key {
    Key(
      kernel: row.kernel, model: row.model, layer: row.layer, outFeatures: row.outFeatures,
      inFeatures: row.inFeatures, tokens: row.tokens, threads: row.threads, cache: row.cache)
  }
}
