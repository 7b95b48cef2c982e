internal import MPGEMM
internal import Verification

/// Who judges the kernels' answers to a case: it knows the activations, and the oracle.
final class Reference {
  /// One a matrix; a ring's block has several.
  private var judges: [Judge]

  /// Makes the activations; the oracle is asked when a kernel is first judged.
  init(weights: TargetWeights, tokens: Int, seed: UInt64, threads: ThreadPool) {
    judges = weights.matrices.map { matrix in
      Judge(
        Problem(
          shape: Shape(
            outFeatures: matrix.outFeatures, tokens: tokens, inFeatures: matrix.inFeatures),
          pattern: .random, seed: seed, weights: matrix, weightScales: [1],
          activations: Self.activations(
            tokens: tokens, inFeatures: matrix.inFeatures, seed: seed)), pool: threads)
    }
  }

  /// Normally distributed activations, N × K floats, token after token.
  static func activations(tokens: Int, inFeatures: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<tokens * inFeatures).map { _ in Float(random.normal()) }
  }

  /// Compares what a kernel has computed, matrix after matrix, with the oracle.
  func verdict(on result: [Float], of kernel: Kernel) -> Verdict {
    var rest = result[...]
    return Verdict(
      judges.indices.map { index in
        let shape = judges[index].problem.shape
        let own = rest.prefix(shape.outFeatures * shape.tokens)
        rest = rest.dropFirst(own.count)
        return judges[index].verdict(on: Array(own), of: kernel)
      })
  }
}
