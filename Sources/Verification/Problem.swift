public import MPGEMM

/// The data of one multiplication, made from a shape, a pattern and a seed alone.
public struct Problem: Sendable {
  public let shape: Shape
  public let pattern: Pattern
  public let seed: UInt64
  public let weights: TernaryMatrix
  /// One scale for the tensor, or one a row, as the seed decides.
  public let weightScales: [Float]
  /// N × K floats, token after token.
  public let activations: [Float]

  /// Makes the data; equal arguments give equal data on every machine.
  ///
  /// `zeroDensity` is the share of zeros in `random` weights. Where the kind of weights has no
  /// zeros, they become +1.
  public init(
    shape: Shape, pattern: Pattern, seed: UInt64, zeroDensity: Double = 1.0 / 3,
    kind: Kernel.WeightKind = .ternary
  ) {
    self.shape = shape
    self.pattern = pattern
    self.seed = seed
    weights = pattern.weights(
      outFeatures: shape.outFeatures, inFeatures: shape.inFeatures, zeroDensity: zeroDensity,
      kind: kind, seed: seed)
    activations = pattern.activations(tokens: shape.tokens, for: weights, seed: seed)
    var random = SplitMix64(seed: seed &+ UInt64(shape.outFeatures + shape.tokens))
    // A negative scale here and there: the contract allows it, and it shows a lost sign of zero.
    let count = random.next() % 2 == 0 ? 1 : shape.outFeatures
    weightScales = (0..<count).map { _ in
      Float(0.25 + random.unit()) * (random.next() % 8 == 0 ? -1 : 1)
    }
  }

  /// Takes data from elsewhere; pattern and seed are what a mismatch then names.
  public init(
    shape: Shape, pattern: Pattern, seed: UInt64, weights: TernaryMatrix, weightScales: [Float],
    activations: [Float]
  ) {
    precondition(
      weights.outFeatures == shape.outFeatures && weights.inFeatures == shape.inFeatures)
    precondition(activations.count == shape.tokens * shape.inFeatures)
    precondition(weightScales.count == 1 || weightScales.count == shape.outFeatures)
    self.shape = shape
    self.pattern = pattern
    self.seed = seed
    self.weights = weights
    self.weightScales = weightScales
    self.activations = activations
  }

  /// The scale of a row of weights.
  func weightScale(_ row: Int) -> Float {
    weightScales.count == 1 ? weightScales[0] : weightScales[row]
  }
}
