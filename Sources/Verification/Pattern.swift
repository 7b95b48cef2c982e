internal import MPGEMM

/// What the weights and activations of a test look like, each to bring out one way to be wrong.
public enum Pattern: String, CaseIterable, Sendable {
  /// A third of the weights zero, activations normally distributed: what `nmse` is declared for.
  case random
  /// Nine weights of ten zero.
  case sparse
  /// No weight zero, activations uniform.
  case dense
  /// All weights +1, all activations +max: the largest sum, which overflows what is too narrow.
  case positive
  /// All weights −1, all activations +max: the smallest sum.
  case negative
  /// All weights +1, all activations −max.
  case minus
  /// Signs alternate in both, in step, so that every product is +max or every one −max.
  case alternating
  /// Each token has the signs of one row of random weights: the largest sum on irregular weights.
  case aligned
  /// Rows repeat six weights and tokens repeat one code: an error in one table entry, digit plane
  /// or byte of a partial sum is made K / 6 times with one sign.
  case periodic
  /// One weight a row.
  case oneHotWeights = "one-hot-weights"
  /// One activation a token.
  case oneHotActivations = "one-hot-activations"
  case zeroWeights = "zero-weights"
  case zeroActivations = "zero-activations"
  /// One activation a token a billion times the others, which quantize to zero.
  case outlier
  /// Activations at the halves between codes.
  case ties
  /// Every other token's largest activation lies below the quantizer's floor of 1e-5.
  case tiny
  /// Normal floats so small that 127 / max|x| is infinite.
  case vanishing
  /// Subnormal floats.
  case denormal
  /// Activations around 1e30.
  case huge

  /// Those which the shapes of real models are verified on: random, and the largest sums.
  public static let forLargeShapes: [Pattern] = [.random, .positive]
}

extension Pattern {
  /// Makes the weights; the same seed gives the same weights on every machine.
  ///
  /// `zeroDensity` is the share of zeros in `random` weights. Where the kind of weights has no
  /// zeros, they become +1.
  func weights(
    outFeatures: Int, inFeatures: Int, zeroDensity: Double, kind: Kernel.WeightKind, seed: UInt64
  ) -> TernaryMatrix {
    func random(_ zeroDensity: Double) -> TernaryMatrix {
      TernaryMatrix(
        outFeatures: outFeatures, inFeatures: inFeatures,
        zeroDensity: kind == .binary ? 0 : zeroDensity, seed: seed)
    }
    func filled(_ value: (_ row: Int, _ input: Int) -> Int8) -> TernaryMatrix {
      let count = outFeatures * inFeatures
      let values = [Int8](unsafeUninitializedCapacity: count) { target, initialized in
        for row in 0..<outFeatures {
          for input in 0..<inFeatures {
            let weight = value(row, input)
            target[row * inFeatures + input] = weight == 0 && kind == .binary ? 1 : weight
          }
        }
        initialized = count
      }
      return TernaryMatrix(outFeatures: outFeatures, inFeatures: inFeatures, values: values)
    }
    let offset = Int(seed % 729)
    switch self {
    case .random, .oneHotActivations, .zeroActivations, .outlier, .ties, .tiny, .vanishing,
      .denormal, .huge:
      return random(zeroDensity)
    case .sparse: return random(0.9)
    case .dense, .aligned: return random(0)
    case .positive, .minus: return filled { _, _ in 1 }
    case .negative: return filled { _, _ in -1 }
    case .alternating: return filled { row, input in (row + input) % 2 == 0 ? 1 : -1 }
    case .periodic:
      return filled { row, input in
        // The six base-3 digits of a number that differs from row to row.
        let powers = (1, 3, 9, 27, 81, 243)
        let number = (row &* 61 &+ offset) % 729
        let power =
          switch input % 6 {
          case 0: powers.0
          case 1: powers.1
          case 2: powers.2
          case 3: powers.3
          case 4: powers.4
          default: powers.5
          }
        return Int8(truncatingIfNeeded: number / power % 3) - 1
      }
    case .oneHotWeights:
      return filled { row, input in
        guard input == (row &* 7 &+ offset) % inFeatures else { return 0 }
        return row % 2 == 0 ? 1 : -1
      }
    case .zeroWeights: return filled { _, _ in 0 }
    }
  }

  /// Makes the activations, token after token.
  func activations(tokens: Int, for weights: TernaryMatrix, seed: UInt64) -> [Float] {
    let k = weights.inFeatures
    // Another stream than the weights'.
    var random = SplitMix64(seed: seed ^ 0x5DEE_CE66_D1CE_4E5B)
    func uniform() -> Float { Float(random.unit() * 2 - 1) }
    var values = [Float](repeating: 0, count: tokens * k)
    for token in 0..<tokens {
      let largest = Float(2) + Float(token) / 8
      let chosen = Int(random.next() % UInt64(k))
      let code = Float(Int(random.next() % 255) - 127)
      for input in 0..<k {
        values[token * k + input] =
          switch self {
          case .random, .sparse, .oneHotWeights, .zeroWeights: Float(random.normal())
          case .dense: uniform()
          case .positive, .negative: largest
          case .minus: -largest
          case .alternating: (input + token) % 2 == 0 ? largest : -largest
          case .aligned:
            weights.values[token % weights.outFeatures * k + input] < 0 ? -largest : largest
          // One 127 makes the quantizer's scale 1, so that the code is the value.
          case .periodic: input == chosen ? 127 : code
          case .oneHotActivations: input == chosen ? uniform() : 0
          case .zeroActivations: 0
          case .outlier: input == chosen ? 1e6 : uniform() * 1e-3
          // 127 makes the scale 1; the others lie at n + 1/2.
          case .ties: input == chosen ? 127 : Float(Int(random.next() % 254) - 127) + 0.5
          case .tiny: uniform() * (token % 2 == 0 ? 9e-6 : 2)
          case .vanishing: uniform() * 1e-37
          case .denormal: uniform() * Float.leastNormalMagnitude / 8
          case .huge: uniform() * 1e30
          }
      }
    }
    return values
  }
}
