internal import MPGEMM
internal import Verification

/// Who judges the kernels' answers to a case: it knows the activations, and the oracle.
final class Reference {
  private var judge: Judge

  /// Makes the activations; the oracle is asked when a kernel is first judged.
  init(weights: TernaryMatrix, shape: Shape, seed: UInt64, threads: ThreadPool) {
    judge = Judge(
      Problem(
        shape: shape, pattern: .random, seed: seed, weights: weights, weightScales: [1],
        activations: Self.activations(of: shape, seed: seed)), pool: threads)
  }

  /// The normally distributed activations of a shape, N × K floats, token after token.
  static func activations(of shape: Shape, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<shape.tokens * shape.inFeatures).map { _ in Float(random.normal()) }
  }

  /// Compares what a kernel has computed with the oracle.
  func verdict(on result: [Float], of kernel: Kernel) -> Verdict {
    judge.verdict(on: result, of: kernel)
  }
}
