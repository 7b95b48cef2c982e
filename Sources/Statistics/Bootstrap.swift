internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Confidence intervals of medians by resampling: 95 of 100 such intervals hold the true median.
///
/// Two corrections make that hold for few and for correlated samples. Resampling n values shows
/// (n - 1)/n of their variance, so the draws are spread by √(n / (n - 1)). Samples that follow each
/// other through a machine's slow and fast moments tell less than as many independent ones: with r
/// the correlation of neighbours' sides of the median, the draws are spread by √((1 + r) / (1 - r)).
/// Resampling whole blocks would serve the second purpose, and needs hundreds of samples to do so.
public struct Bootstrap: Sendable {
  /// What decides which samples are drawn; the same samples give the same interval.
  public let seed: UInt64

  /// How often a series is drawn anew.
  static let resamples = 1000
  /// Of 100 intervals, how many hold the true value.
  static let confidence = 0.95
  /// The fewest samples whose range holds the median so surely: 1 - 2 / 2^6 is above 0.95.
  public static let fewest = 6

  public init(seed: UInt64 = 1) {
    self.seed = seed
  }

  /// The interval of the median of samples in the order in which they were taken.
  ///
  /// - Returns: Nil for fewer samples than an interval needs.
  public func interval(ofMedianOf values: [Double]) -> Interval? {
    guard values.count >= Self.fewest else { return nil }
    return Self.interval(of: draws(ofMedianOf: values))
  }

  /// The interval of the median of times, or of other values above 0, in the order in which they were taken.
  ///
  /// Their logarithms are drawn, so that no interval, however wide few noisy samples make it, reaches 0.
  ///
  /// - Returns: Nil for fewer samples than an interval needs; it holds the samples' own median.
  /// - Precondition: All are above 0.
  public func interval(ofMedianOfTimes times: [Double]) -> Interval? {
    guard let logs = interval(ofMedianOf: times.map(log)) else { return nil }
    // Of an even number of samples the middle is not the logarithms' middle.
    let median = Statistics.median(times)
    return Interval(low: min(exp(logs.low), median), high: max(exp(logs.high), median))
  }

  /// What the median could have been, once for each resampling.
  ///
  /// - Parameters:
  ///   - values: Samples in the order in which they were taken.
  ///   - stream: Draws of different streams are independent of each other.
  /// - Returns: A thousand medians, in no order.
  /// - Precondition: There are at least two values.
  func draws(ofMedianOf values: [Double], stream: Int = 0) -> [Double] {
    let sorted = values.sorted()
    let center = Statistics.middle(of: sorted)
    let spread = Self.spread(of: values, around: center)
    let ranks = MiddleRanks.table(count: sorted.count, seed: seed)
    let shift = stream * Self.streamStep
    return ranks.indices.map { index in
      let (low, high) = ranks[(index + shift) % ranks.count]
      return center + spread * ((sorted[low] + sorted[high]) / 2 - center)
    }
  }

  /// The interval that leaves out equally many draws at both ends.
  static func interval(of draws: [Double]) -> Interval {
    let sorted = draws.sorted()
    let outside = Int((Double(sorted.count) * (1 - confidence) / 2).rounded(.down))
    return Interval(low: sorted[outside], high: sorted[sorted.count - 1 - outside])
  }

  /// Coprime to the number of resamples, so that each stream begins elsewhere.
  private static let streamStep = 389
  /// Beyond this the samples are one slow wave, and no factor makes an interval of them.
  private static let mostCorrelation = 0.9

  /// How much wider than the plain draws those are that few and correlated samples deserve.
  private static func spread(of values: [Double], around center: Double) -> Double {
    let count = Double(values.count)
    let sides = values.map { $0 == center ? 0.0 : $0 < center ? -1 : 1 }
    let variance = sides.reduce(0) { $0 + $1 * $1 } / count
    guard variance > 0 else { return 1 }
    let covariance = zip(sides, sides.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / (count - 1)
    // Sides of their own median are correlated by -1/n even if the samples are not.
    let correlation = min(max(covariance / variance + 1 / count, 0), mostCorrelation)
    return (count / (count - 1) * (1 + correlation) / (1 - correlation)).squareRoot()
  }
}

/// Which ranks of a sorted series are in the middle of each resampling.
///
/// A median depends on ranks only, so that one table serves all series of a length: a bootstrap is
/// then a sort and a thousand look-ups.
private enum MiddleRanks {
  typealias Table = [(low: Int, high: Int)]

  private struct Key: Hashable {
    let count: Int
    let seed: UInt64
  }

  private static let known = Mutex<[Key: Table]>([:])

  static func table(count: Int, seed: UInt64) -> Table {
    known.withLock { known in
      let key = Key(count: count, seed: seed)
      if let table = known[key] { return table }
      let table = draw(count: count, seed: seed)
      known[key] = table
      return table
    }
  }

  private static func draw(count: Int, seed: UInt64) -> Table {
    var random = RandomBits(seed: seed)
    return (0..<Bootstrap.resamples).map { _ in
      var ranks = (0..<count).map { _ in Int.random(in: 0..<count, using: &random) }
      ranks.sort()
      return (ranks[(count - 1) / 2], ranks[count / 2])
    }
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014), here because this module imports nothing.
struct RandomBits: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
