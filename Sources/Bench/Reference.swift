internal import MPGEMM
internal import Verification

/// The activations that a case multiplies by, and who judges the kernels' answers.
final class Reference {
  private var judge: Judge

  /// Makes normally distributed activations; the oracle is asked when a kernel is first judged.
  init(weights: TernaryMatrix, shape: Shape, seed: UInt64, threads: ThreadPool) {
    var random = SplitMix64(seed: seed)
    let activations = (0..<shape.tokens * shape.inFeatures).map { _ in Float(random.normal()) }
    judge = Judge(
      Problem(
        shape: shape, pattern: .random, seed: seed, weights: weights, weightScales: [1],
        activations: activations), pool: threads)
  }

  /// N × K floats, token after token.
  var activations: [Float] { judge.problem.activations }

  /// Compares what a multiplication has computed with the oracle.
  func verdict(on multiplication: Multiplication) -> Verdict {
    judge.verdict(on: multiplication.result, of: multiplication.kernel)
  }
}
