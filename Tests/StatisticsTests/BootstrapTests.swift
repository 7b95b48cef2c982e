import Foundation
import Testing

@testable import Statistics

/// Noise made from a seed: independent, or with a share of each value carried over to the next.
struct Noise {
  private var random: RandomBits
  private let carried: Double
  private var last = 0.0

  init(seed: UInt64, carried: Double = 0) {
    random = RandomBits(seed: seed)
    self.carried = carried
    for _ in 0..<20 { _ = next() }
  }

  /// A standard normal value, and now and then one ten times as large, as interruptions are.
  mutating func next() -> Double {
    let u = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random)
    let v = Double.random(in: 0..<1, using: &random)
    let normal = (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    let isOutlier = Double.random(in: 0..<1, using: &random) < 0.02
    last = carried * last + (isOutlier ? 10 : 1) * normal
    return last
  }

  mutating func values(_ count: Int) -> [Double] { (0..<count).map { _ in next() } }
}

@Suite struct BootstrapTests {
  /// How often, of 1000 intervals, the true median 0 must be inside; 95 of 100 is what is claimed.
  static let coverages: [(count: Int, carried: Double, least: Int)] = [
    (6, 0, 930), (12, 0, 930), (25, 0, 930), (26, 0, 930), (100, 0, 935), (25, 0.3, 890),
    (100, 0.3, 910),
  ]

  @Test(arguments: coverages.indices)
  func intervalsHoldTheTrueMedian(index: Int) {
    let (count, carried, least) = Self.coverages[index]
    var noise = Noise(seed: 7, carried: carried)
    let bootstrap = Bootstrap()
    let inside = (0..<1000).count { _ in
      let interval = bootstrap.interval(ofMedianOf: noise.values(count))
      return interval.map { $0.low <= 0 && 0 <= $0.high } ?? false
    }
    #expect(inside >= least, "\(inside) of 1000, \(count) samples, \(carried) carried over")
    // Nor does the interval say nothing: it shrinks as samples are added.
    #expect(inside < 1000)
  }

  @Test func intervalsShrinkWithTheSamples() {
    var noise = Noise(seed: 3)
    let widths = [10, 40, 160].map { count in
      Statistics.median(
        (0..<100).map { _ in
          let interval = Bootstrap().interval(ofMedianOf: noise.values(count))
          return (interval?.high ?? .infinity) - (interval?.low ?? 0)
        })
    }
    // Each four times the samples: half the width.
    for (wide, narrow) in zip(widths, widths.dropFirst()) {
      #expect((1.6...2.5).contains(wide / narrow), "\(widths)")
    }
  }

  @Test func tooFewSamplesHaveNoInterval() {
    let values = [3.0, 1, 2, 5, 4, 6]
    #expect(Bootstrap().interval(ofMedianOf: Array(values.dropLast())) == nil)
    #expect(Bootstrap().interval(ofMedianOf: values) != nil)
    #expect(Bootstrap().interval(ofMedianOf: []) == nil)
  }

  /// A wide and slow wave: drawn as they are, such samples would have an interval that begins below 0.
  @Test func noIntervalOfTimesReachesZero() throws {
    let times = [1.0, 1.1, 1, 1.2, 9, 30, 31, 40]
    let plain = try #require(Bootstrap().interval(ofMedianOf: times))
    #expect(plain.low < 0)
    let interval = try #require(Bootstrap().interval(ofMedianOfTimes: times))
    #expect(0 < interval.low && interval.low < 1.2 && interval.high > 30)
  }

  @Test func intervalsOfTimesHoldTheirMedian() throws {
    var random = RandomBits(seed: 2)
    for count in 6..<60 {
      let times = (0..<count).map { _ in Double.random(in: 1e-9...1e-6, using: &random) }
      let interval = try #require(Bootstrap().interval(ofMedianOfTimes: times))
      let median = Statistics.median(times)
      #expect(0 < interval.low && interval.low <= median && median <= interval.high)
    }
  }

  @Test func equalSamplesHaveNoWidth() {
    let interval = Bootstrap().interval(ofMedianOf: Array(repeating: 2, count: 9))
    #expect(interval == Interval(low: 2, high: 2))
  }

  @Test func theSeedDecides() {
    var noise = Noise(seed: 1)
    let values = noise.values(26)
    let first = Bootstrap(seed: 1).interval(ofMedianOf: values)
    #expect(first == Bootstrap(seed: 1).interval(ofMedianOf: values))
    let others = (2..<20).map { Bootstrap(seed: $0).interval(ofMedianOf: values) }
    #expect(others.contains { $0 != first })
  }

  /// Sums over layers need draws that do not rise and fall together.
  @Test func streamsAreIndependent() {
    var noise = Noise(seed: 5)
    let values = noise.values(25)
    let (a, b) = (
      Bootstrap().draws(ofMedianOf: values), Bootstrap().draws(ofMedianOf: values, stream: 1)
    )
    #expect(a.sorted() == b.sorted())
    let mean = a.reduce(0, +) / Double(a.count)
    let covariance = zip(a, b).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
    let variance = a.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    #expect(abs(covariance / variance) < 0.1)
  }
}
