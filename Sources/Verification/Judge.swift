public import MPGEMM

/// How a kernel did on one problem.
public struct Verdict: Sendable {
  /// Over all outputs.
  public let maxAbsError: Double
  /// Σ (got − exact)² / Σ exact².
  public let nmse: Double
  /// The first thing that is wrong; nil: the kernel passed.
  public var mismatch: Mismatch?
}

extension Verdict {
  /// One verdict on several problems: the largest errors, and the first thing that is wrong.
  public init(_ verdicts: [Verdict]) {
    // A result that is no number is wrong by more than any.
    func largest(_ errors: [Double]) -> Double {
      errors.contains(where: \.isNaN) ? .nan : errors.max() ?? 0
    }
    self.init(
      maxAbsError: largest(verdicts.map(\.maxAbsError)), nmse: largest(verdicts.map(\.nmse)),
      mismatch: verdicts.lazy.compactMap(\.mismatch).first)
  }
}

/// Judges kernels' results on one problem; the oracle is asked once for each kind of activations.
public struct Judge {
  public let problem: Problem
  private let pool: ThreadPool?
  private var expectations: [Kernel.Activation: Expectation] = [:]
  /// The first result of each numerics that the oracle does not settle to the bit.
  private var agreed: [String: [Float]] = [:]

  /// Takes the problem, and the oracle's threads; nil: the caller's alone.
  public init(_ problem: Problem, pool: ThreadPool? = nil) {
    self.problem = problem
    self.pool = pool
  }

  /// Compares a whole result (`Multiplication.result`) with the oracle's, and with those of equal numerics seen before.
  public mutating func verdict(on result: [Float], of kernel: Kernel) -> Verdict {
    let expectation =
      expectations[kernel.activation]
      ?? Expectation(problem, activation: kernel.activation, pool: pool)
    expectations[kernel.activation] = expectation
    let comparison = expectation.compare(result, of: kernel)
    let deviation =
      comparison.deviation
      ?? Check.nmseDeviation(comparison, of: kernel, on: problem)
      ?? disagreement(result, of: kernel)
    return Verdict(
      maxAbsError: comparison.maxAbsError, nmse: comparison.nmse,
      mismatch: deviation.map { Mismatch(kernel: kernel, problem: problem, deviation: $0) })
  }

  private mutating func disagreement(_ result: [Float], of kernel: Kernel) -> Deviation? {
    guard let numerics = kernel.numerics, kernel.tolerance > 0 else { return nil }
    guard let wanted = agreed[numerics] else {
      agreed[numerics] = result
      return nil
    }
    return Trial.difference(.numerics, result, wanted: wanted, rows: problem.shape.outFeatures)
  }
}
