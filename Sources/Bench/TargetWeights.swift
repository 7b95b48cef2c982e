internal import MPGEMM

/// The weights that a target is measured with, as packers read them: one matrix, or those of a ring's block.
struct TargetWeights {
  /// A ring's in the order of its steps.
  let matrices: [TernaryMatrix]

  /// Makes the weights: the same for a target and a seed, in whichever process.
  init(_ target: Target, seed: UInt64) {
    guard let ring = target.ring else {
      self.init([
        TernaryMatrix(
          outFeatures: target.outFeatures, inFeatures: target.inFeatures,
          zeroDensity: target.zeroDensity, seed: seed)
      ])
      return
    }
    var seeds = SplitMix64(seed: seed)
    self.init(
      ring.matrices.map {
        TernaryMatrix(
          outFeatures: $0.outFeatures, inFeatures: $0.inFeatures, zeroDensity: target.zeroDensity,
          seed: seeds.next())
      })
  }

  init(_ matrices: [TernaryMatrix]) {
    self.matrices = matrices
  }

  /// The share of all weights that are zero.
  var zeroDensity: Double {
    let zeros = matrices.reduce(0.0) { $0 + $1.zeroDensity * Double($1.values.count) }
    return zeros / Double(matrices.reduce(0) { $0 + $1.values.count })
  }
}
