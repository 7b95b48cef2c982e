public import MPGEMM

/// Verifies kernels on shapes, sharing what they share: data, packed weights and the oracle's result.
///
/// A small shape gets every pattern and the whole contract; a large one, as of a real model, gets
/// the result of a whole multiplication on random data and on the largest sums.
public struct Verifier: Sendable {
  /// Below this many multiply-adds, and weights, a shape is small.
  public static let smallShape = 1 << 20

  private let pool: ThreadPool
  private let check = Check()
  private let seed: UInt64

  /// Starts the threads that multiply and that the oracle has; the seed is what data is made from.
  public init(threads: Int, seed: UInt64) {
    pool = ThreadPool(threads: threads)
    self.seed = seed
  }

  /// What became of one kernel on one shape and pattern.
  public struct Result: Sendable {
    public let kernel: Kernel
    public let shape: Shape
    public let pattern: Pattern
    /// Nil: this CPU cannot run the kernel (`Kernel.missingISA`).
    public internal(set) var verdict: Verdict?
  }

  /// How far a verification is: what begins now, and how many steps of how many are done.
  public struct Progress: Sendable {
    public let shape: Shape
    public let pattern: Pattern
    public let kernel: Kernel
    public let done: Int
    public let total: Int
  }

  /// The patterns that a shape gets when none are asked for.
  public static func patterns(for shape: Shape) -> [Pattern] {
    isSmall(shape) ? Pattern.allCases : Pattern.forLargeShapes
  }

  private static func isSmall(_ shape: Shape) -> Bool {
    shape.multiplyAdds <= smallShape && shape.outFeatures * shape.inFeatures <= smallShape
  }

  /// Verifies each kernel on each shape and pattern.
  ///
  /// Without `patterns`, a shape gets those which fit it. `progress` is called before each step.
  /// There is one result a kernel, shape and pattern, in the order of shapes, patterns, kernels.
  /// At any time one problem is in memory, with one packing of its weights.
  public func verify(
    _ kernels: [Kernel], on shapes: [Shape], patterns: [Pattern]? = nil,
    progress: (Progress) -> Void = { _ in }
  ) -> [Result] {
    let cases = shapes.flatMap { shape in
      (patterns ?? Self.patterns(for: shape)).map { (shape, $0) }
    }
    var results: [Result] = []
    for (shape, pattern) in cases {
      let done = results.count
      results += verify(kernels, on: shape, pattern) { kernel, position in
        progress(
          Progress(
            shape: shape, pattern: pattern, kernel: kernel, done: done + position,
            total: cases.count * kernels.count))
      }
    }
    // Declarations hold for all shapes, so that each kernel's are checked once, with its first.
    for index in results.indices.prefix(kernels.count)
    where results[index].verdict != nil && results[index].verdict?.mismatch == nil {
      let mismatch = Check.firstFalseDeclaration(of: results[index].kernel)
      results[index].verdict?.mismatch = mismatch
    }
    return results
  }

  private func verify(
    _ kernels: [Kernel], on shape: Shape, _ pattern: Pattern,
    progress: (Kernel, _ position: Int) -> Void
  ) -> [Result] {
    var verdicts: [Kernel: Verdict] = [:]
    let runnable = kernels.filter(\.isRunnable)
    // A kernel's peer is run even if it was not asked for, so that one kernel alone fails likewise.
    let peers = runnable.compactMap { $0.peer(among: kernels + Kernel.all) }
    let run = Array(Set(runnable + peers))
      // By layout: the weights of one are packed once, and dropped before the next's.
      .sorted { ($0.layout, $0.name) < ($1.layout, $1.name) }
    // Problems differ between kernels that may have zeros and those that may not.
    for kind in [Kernel.WeightKind.ternary, .binary]
    where run.contains(where: { $0.weights == kind }) {
      let problem = Problem(shape: shape, pattern: pattern, seed: seed, kind: kind)
      var judge = Judge(problem, pool: pool)
      var packed: PackedMatrix?
      for kernel in run where kernel.weights == kind {
        if runnable.contains(kernel) {
          progress(kernel, runnable.count { verdicts[$0] != nil })
        }
        if packed?.layout != kernel.layout { packed = nil }  // Before the next is allocated.
        let weights =
          packed
          ?? PackedMatrix(packing: problem.weights, for: kernel, scales: problem.weightScales)
        packed = weights
        var verdict = judge.verdict(on: product(kernel, problem, weights), of: kernel)
        // On a small shape the whole contract is checked, which tells more than a wrong result.
        let broken =
          Self.isSmall(shape) ? check.firstMismatch(of: kernel, on: problem) : nil
        verdict.mismatch = broken ?? verdict.mismatch
        verdicts[kernel] = verdict
      }
    }
    return kernels.map {
      Result(kernel: $0, shape: shape, pattern: pattern, verdict: verdicts[$0])
    }
  }

  private func product(_ kernel: Kernel, _ problem: Problem, _ weights: PackedMatrix) -> [Float] {
    let multiplication = Multiplication(
      kernel, shape: problem.shape, activations: problem.activations, pool: pool)
    multiplication.quantize()
    multiplication.prepare()
    multiplication.compute(weights)
    return multiplication.result
  }
}
