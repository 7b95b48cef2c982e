#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What a ratio of speeds and its interval allow to be said.
public enum RatioVerdict: String, Sendable, CaseIterable {
  /// Faster by more than the minimum effect.
  case faster = "FASTER"
  /// Slower by more than the minimum effect.
  case slower = "SLOWER"
  /// The difference is at most the minimum effect.
  case same = "SAME"
  /// The interval holds more than one of these.
  case unsure = "UNSURE"
}

/// How many times faster one kernel is than another, with its confidence interval.
public struct SpeedRatio: Equatable, Sendable {
  /// Above 1 the first is faster.
  public let value: Double
  /// Nil when there were too few samples for one.
  public let interval: Interval?

  /// The effect below which a difference does not count, unless another is asked for.
  public static let defaultMinEffect = 0.03

  public init(value: Double, interval: Interval?) {
    (self.value, self.interval) = (value, interval)
  }

  /// The verdict is what holds in all of the interval.
  ///
  /// Speed-ups of `1 + minEffect` and of `1 / (1 + minEffect)` bound what counts as the same.
  public func verdict(minEffect: Double = defaultMinEffect) -> RatioVerdict {
    let most = 1 + minEffect
    guard let interval else { return .unsure }
    if interval.low > most { return .faster }
    if interval.high < 1 / most { return .slower }
    return interval.low >= 1 / most && interval.high <= most ? .same : .unsure
  }
}

extension Bootstrap {
  /// The ratio of two participants that took turns: the median over rounds of their times' ratio.
  ///
  /// Within a round both met the same machine, so that what drifts from round to round cancels.
  ///
  /// - Returns: Nil when they shared no round.
  public func speedRatio(of own: RoundSeries, over other: RoundSeries) -> SpeedRatio? {
    let logs = logRatios(of: own, over: other)
    guard !logs.isEmpty else { return nil }
    let interval = interval(ofMedianOf: logs)
    return SpeedRatio(
      value: exp(Statistics.median(logs)),
      interval: interval.map { Interval(low: exp($0.low), high: exp($0.high)) })
  }

  /// The ratio of two series that did not take turns, of two runs: the ratio of their medians.
  ///
  /// The interval knows what varied within each series; how runs differ as a whole is not in it.
  ///
  /// - Precondition: Neither is empty and all are above 0.
  public func speedRatio(ofUnpaired own: [Double], over other: [Double]) -> SpeedRatio {
    let value = Statistics.median(other) / Statistics.median(own)
    guard min(own.count, other.count) >= Self.fewest else {
      return SpeedRatio(value: value, interval: nil)
    }
    let ownDraws = draws(ofMedianOf: own.map(log))
    let draws = zip(draws(ofMedianOf: other.map(log), stream: 1), ownDraws).map { exp($0 - $1) }
    return SpeedRatio(value: value, interval: Self.interval(of: draws))
  }

  /// One part of a sum of times: two participants that took turns at it, and how often it occurs.
  public struct Part: Sendable {
    public let own: RoundSeries
    public let other: RoundSeries
    public let count: Int

    public init(own: RoundSeries, other: RoundSeries, count: Int) {
      (self.own, self.other, self.count) = (own, other, count)
    }
  }

  /// The ratio of two sums of times, over all layers of a model.
  ///
  /// Each part's paired ratio counts by its share of the first one's sum; parts were measured one
  /// after another, so that they vary independently.
  ///
  /// - Returns: Nil when the two shared no round of some part.
  public func speedRatio(ofSumsOf parts: [Part]) -> SpeedRatio? {
    let logs = parts.map { logRatios(of: $0.own, over: $0.other) }
    guard !logs.isEmpty, !logs.contains(where: \.isEmpty) else { return nil }
    let sums = parts.map { Double($0.count) * Statistics.median($0.own.seconds) }
    let whole = sums.reduce(0, +)
    let shares = sums.map { $0 / whole }
    let value = zip(shares, logs).reduce(0) { $0 + $1.0 * exp(Statistics.median($1.1)) }
    guard logs.allSatisfy({ $0.count >= Self.fewest }) else {
      return SpeedRatio(value: value, interval: nil)
    }
    var draws = Array(repeating: 0.0, count: Self.resamples)
    for (stream, part) in zip(shares, logs).enumerated() {
      for (index, draw) in self.draws(ofMedianOf: part.1, stream: stream).enumerated() {
        draws[index] += part.0 * exp(draw)
      }
    }
    return SpeedRatio(value: value, interval: Self.interval(of: draws))
  }

  private func logRatios(of own: RoundSeries, over other: RoundSeries) -> [Double] {
    own.paired(with: other).map { log($0.other / $0.own) }
  }
}
