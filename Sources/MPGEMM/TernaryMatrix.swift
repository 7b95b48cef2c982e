/// A matrix of weights in {−1, 0, +1}, M rows by K columns, one byte a weight: what packers read.
public struct TernaryMatrix: Sendable, Equatable {
  /// M.
  public let outFeatures: Int
  /// K.
  public let inFeatures: Int
  /// Row after row.
  public let values: [Int8]

  /// Makes a matrix of given values, each in {−1, 0, +1}.
  public init(outFeatures: Int, inFeatures: Int, values: [Int8]) {
    precondition(outFeatures >= 1 && inFeatures >= 1)
    precondition(values.count == outFeatures * inFeatures, "one value a weight")
    precondition(values.allSatisfy { (-1...1).contains($0) }, "weights are -1, 0 or +1")
    self.init(trusted: values, outFeatures: outFeatures, inFeatures: inFeatures)
  }

  /// Makes a random matrix: the same seed gives the same weights on every machine.
  ///
  /// - Parameters:
  ///   - outFeatures: M.
  ///   - inFeatures: K.
  ///   - zeroDensity: The probability that a weight is zero; the signs of the others are even.
  ///   - seed: Any number.
  public init(outFeatures: Int, inFeatures: Int, zeroDensity: Double, seed: UInt64) {
    precondition((0...1).contains(zeroDensity))
    // A weight takes 16 random bits: zero below the first threshold, −1 below the second.
    let zeroBelow = UInt64((zeroDensity * 65536).rounded())
    let minusBelow = zeroBelow + (65536 - zeroBelow) / 2
    let count = outFeatures * inFeatures
    var random = SplitMix64(seed: seed)
    let values = [Int8](unsafeUninitializedCapacity: count) { target, initialized in
      var index = 0
      while index < count {
        var bits = random.next()
        for _ in 0..<min(4, count - index) {
          let draw = bits & 0xFFFF
          bits >>= 16
          target[index] = draw < zeroBelow ? 0 : draw < minusBelow ? -1 : 1
          index += 1
        }
      }
      initialized = count
    }
    self.init(trusted: values, outFeatures: outFeatures, inFeatures: inFeatures)
  }

  private init(trusted values: [Int8], outFeatures: Int, inFeatures: Int) {
    self.outFeatures = outFeatures
    self.inFeatures = inFeatures
    self.values = values
  }

  /// The share of weights that are zero.
  public var zeroDensity: Double {
    Double(values.count { $0 == 0 }) / Double(values.count)
  }
}
