import Foundation
import Testing

@testable import Statistics

@Suite struct SpeedRatioTests {
  static let rules: [(low: Double, high: Double, verdict: RatioVerdict)] = [
    (1.04, 1.2, .faster), (1.03, 1.2, .unsure), (0.8, 0.96, .slower), (0.8, 0.98, .unsure),
    (0.98, 1.02, .same), (1.01, 1.02, .same), (0.98, 1.04, .unsure), (0.5, 2, .unsure),
  ]

  @Test(arguments: rules.indices)
  func theVerdictHoldsInAllOfTheInterval(index: Int) {
    let (low, high, verdict) = Self.rules[index]
    let ratio = SpeedRatio(value: (low + high) / 2, interval: Interval(low: low, high: high))
    #expect(ratio.verdict() == verdict)
    // Seen from the other side, the verdict is its opposite.
    let inverse = SpeedRatio(
      value: 1 / ratio.value, interval: Interval(low: 1 / high, high: 1 / low))
    let opposite: [RatioVerdict: RatioVerdict] = [.faster: .slower, .slower: .faster]
    #expect(inverse.verdict() == opposite[verdict] ?? verdict)
  }

  @Test func withoutAnIntervalNothingIsSure() {
    #expect(SpeedRatio(value: 40, interval: nil).verdict() == .unsure)
    #expect(
      SpeedRatio(value: 1.05, interval: Interval(low: 1.04, high: 1.06)).verdict(minEffect: 0.1)
        == .same)
  }

  /// Two participants of one machine, whose speed wanders by half while they take turns.
  private func turns(
    seed: UInt64, ratio: Double, noise level: Double, count: Int = 25
  ) -> (RoundSeries, RoundSeries) {
    var noise = Noise(seed: seed)
    var own: [(round: Int, seconds: Double)] = []
    var other: [(round: Int, seconds: Double)] = []
    for round in 0..<count {
      let machine = 1 + 0.5 * sin(Double(round) / 5)
      own.append((round, 1e-3 * machine * exp(level * noise.next())))
      other.append((round, 1e-3 * ratio * machine * exp(level * noise.next())))
    }
    return (RoundSeries(own), RoundSeries(other))
  }

  private func verdicts(ratio: Double, noise: Double, count: Int = 25) -> [RatioVerdict: Int] {
    let verdicts = (0..<500).map { index in
      let (own, other) = turns(seed: UInt64(index), ratio: ratio, noise: noise, count: count)
      return Bootstrap().speedRatio(of: own, over: other)?.verdict() ?? .unsure
    }
    return Dictionary(grouping: verdicts) { $0 }.mapValues(\.count)
  }

  @Test func aKernelIsNeitherFasterNorSlowerThanItself() {
    for noise in [0.005, 0.02, 0.1] {
      let found = verdicts(ratio: 1, noise: noise)
      #expect(found[.faster, default: 0] + found[.slower, default: 0] <= 25, "\(found)")
    }
    #expect(verdicts(ratio: 1, noise: 0.02)[.same, default: 0] >= 400)
  }

  /// Drift of half the time between rounds does not hide a difference of a tenth.
  @Test func aTenthIsFoundThroughDrift() {
    #expect(verdicts(ratio: 1.1, noise: 0.02)[.faster, default: 0] >= 490)
    #expect(verdicts(ratio: 1 / 1.1, noise: 0.02)[.slower, default: 0] >= 490)
  }

  /// At the very limit of what counts, at most one in forty is called a difference.
  @Test func theLimitIsNotCrossedByChance() {
    let found = verdicts(ratio: 1.03, noise: 0.02)
    #expect(found[.faster, default: 0] <= 20 && found[.slower, default: 0] == 0, "\(found)")
  }

  @Test func onlySharedRoundsCount() {
    let own = RoundSeries([(4, 1), (2, 1), (9, 1)])
    let other = RoundSeries([(2, 3), (3, 100), (9, 3), (10, 100)])
    #expect(own.rounds == [2, 4, 9])
    let ratio = Bootstrap().speedRatio(of: own, over: other)
    #expect(ratio.map { abs($0.value - 3) < 1e-12 } == true && ratio?.interval == nil)
    #expect(Bootstrap().speedRatio(of: own, over: RoundSeries([(1, 1)])) == nil)
  }

  /// 2 × 1 ms against 3 ms and 1 × 4 ms against 2 ms: 8 ms over 6 ms.
  @Test func sumsWeighTheirPartsByTime() throws {
    func constant(_ seconds: Double) -> RoundSeries {
      RoundSeries((0..<8).map { ($0, seconds) })
    }
    let parts = [
      Bootstrap.Part(own: constant(1e-3), other: constant(3e-3), count: 2),
      Bootstrap.Part(own: constant(4e-3), other: constant(2e-3), count: 1),
    ]
    let ratio = try #require(Bootstrap().speedRatio(ofSumsOf: parts))
    #expect(abs(ratio.value - 8.0 / 6) < 1e-12)
    let interval = try #require(ratio.interval)
    #expect(abs(interval.low - 8.0 / 6) < 1e-12 && abs(interval.high - 8.0 / 6) < 1e-12)
    let few = Bootstrap.Part(own: RoundSeries([(0, 1)]), other: RoundSeries([(0, 2)]), count: 1)
    #expect(Bootstrap().speedRatio(ofSumsOf: parts + [few])?.interval == nil)
    #expect(Bootstrap().speedRatio(ofSumsOf: []) == nil)
  }

  /// The sum of four layers varies less than each, and its interval knows.
  @Test func sumsCoverTheirTruth() {
    let inside = (0..<300).count { index in
      let parts = (0..<4).map { layer in
        let seed = UInt64(10 * index + layer)
        let (own, other) = turns(seed: seed, ratio: 1.05, noise: 0.03)
        return Bootstrap.Part(own: own, other: other, count: 1 + layer)
      }
      let interval = Bootstrap().speedRatio(ofSumsOf: parts)?.interval
      return interval.map { $0.low <= 1.05 && 1.05 <= $0.high } ?? false
    }
    #expect((275..<300).contains(inside), "\(inside) of 300")
  }

  @Test func unpairedSeriesKeepTheirOwnNoise() {
    var found: [RatioVerdict: Int] = [:]
    for seed in 0..<300 {
      var noise = Noise(seed: UInt64(seed))
      let a = noise.values(25).map { 1e-3 * exp(0.02 * $0) }
      let b = noise.values(30).map { 1.1e-3 * exp(0.02 * $0) }
      found[Bootstrap().speedRatio(ofUnpaired: a, over: b).verdict(), default: 0] += 1
    }
    #expect(found[.faster, default: 0] >= 285 && found[.slower] == nil, "\(found)")
    let one = Bootstrap().speedRatio(ofUnpaired: [1], over: [2])
    #expect(one == SpeedRatio(value: 2, interval: nil))
  }
}
