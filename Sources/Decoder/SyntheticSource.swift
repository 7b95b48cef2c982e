internal import MPGEMM
internal import Models

/// What synthetic weights are made from.
public struct Synthesis: Sendable {
  /// The share of weights that are zero.
  public var zeroDensity: Double
  public var seed: UInt64

  public init(zeroDensity: Double = 1.0 / 3, seed: UInt64 = 1) {
    self.zeroDensity = zeroDensity
    self.seed = seed
  }
}

/// Random weights of a shape, the same on every machine.
///
/// Scales keep the residual stream of the size of its embedding, so that no value overflows.
struct SyntheticSource: WeightSource {
  let configuration: Configuration
  let isTied: Bool
  let synthesis: Synthesis

  func matrix(_ matrix: LayerMatrix, layer: Int) -> TernaryWeights {
    let (outFeatures, inFeatures) = matrix.shape(configuration)
    var seeds = SplitMix64(seed: synthesis.seed &+ UInt64(layer) << 8 &+ matrix.rawValue)
    let values = TernaryMatrix(
      outFeatures: outFeatures, inFeatures: inFeatures, zeroDensity: synthesis.zeroDensity,
      seed: seeds.next()
    ).values
    return TernaryWeights(
      outFeatures: outFeatures, inFeatures: inFeatures, values: values,
      scales: [1 / Float(inFeatures).squareRoot()])
  }

  func norm(_ norm: LayerNorm, layer: Int) -> [Float] {
    [Float](repeating: 1, count: norm.width(configuration))
  }

  func outputNorm() -> [Float] { [Float](repeating: 1, count: configuration.hidden) }
  func embedding() -> FloatValues { rows(seed: 0xE) }
  func head() -> FloatValues { rows(seed: 0xF) }

  /// Random rows: a few different ones, repeated in turns, since time does not depend on values.
  private func rows(seed other: UInt64) -> FloatValues {
    let c = configuration
    var random = SplitMix64(seed: synthesis.seed ^ other)
    let distinct = (0..<min(c.vocabulary, Self.distinctRows)).map { _ in
      (0..<c.hidden).map { _ in HalfPrecision.half(Float(random.unit() * 2 - 1) / 16) }
    }
    var values: [UInt16] = []
    values.reserveCapacity(c.vocabulary * c.hidden)
    for row in 0..<c.vocabulary { values += distinct[row % distinct.count] }
    return .f16(values)
  }

  /// A prime, so that neighbouring rows of any tile differ.
  private static let distinctRows = 1021
}
