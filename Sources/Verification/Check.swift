public import MPGEMM

/// Checks a kernel against all that the contract promises, on one problem after another.
///
/// Every buffer ends at an inaccessible page, so a read or write past its end ends the process.
/// A check is used by one thread at a time, as its thread pools are.
public struct Check: Sendable {
  private let pools: [ThreadPool]

  /// Starts the thread pools.
  ///
  /// - Parameter threads: The numbers of threads that must not change any bit.
  public init(threads: [Int] = [1, 2, 3]) {
    pools = threads.map { ThreadPool(threads: $0) }
  }

  /// The first broken promise on a problem, nil if all hold.
  ///
  /// Among `peers` a kernel of equal numerics is looked for, whose bits must be equal.
  public func firstMismatch(
    of kernel: Kernel, on problem: Problem, peers: [Kernel] = Kernel.all
  ) -> Mismatch? {
    let expectation = Expectation(problem, activation: kernel.activation)
    return deviation(
      of: kernel, on: problem, expectation: expectation, peer: kernel.peer(among: peers)
    ).map { Mismatch(kernel: kernel, problem: problem, deviation: $0) }
  }

  private func deviation(
    of kernel: Kernel, on problem: Problem, expectation: Expectation, peer: Kernel?
  ) -> Deviation? {
    let trial = Trial(kernel, problem)
    if let found = trial.planDeviation() ?? trial.packDeviation() ?? trial.prepareDeviation() {
      return found
    }
    let whole = trial.computeWhole(garbage: 0xFF)
    if let found = trial.outsideDeviation(in: whole, written: trial.wholeTile) { return found }
    let result = trial.outputs(of: whole)
    let comparison = expectation.compare(result, of: kernel)
    if let found = comparison.deviation ?? Self.nmseDeviation(comparison, of: kernel, on: problem) {
      return found
    }
    if let found = trial.repeatDeviation(from: whole) ?? trial.tileDeviation(from: whole)
      ?? trial.packedDamage()
    {
      return found
    }
    if kernel.activation != .int4,  // Which has no quantizer for Multiplication to run.
      let found = threadDeviation(of: kernel, on: problem, from: result)
    {
      return found
    }
    guard let peer else { return nil }
    let other = Trial(peer, problem)
    _ = other.packDeviation() ?? other.prepareDeviation()
    return trial.difference(
      .numerics, other.outputs(of: other.computeWhole(garbage: 0)), wanted: result, swapped: true)
  }

  /// Few outputs say nothing about a mean.
  static func nmseDeviation(
    _ comparison: Comparison, of kernel: Kernel, on problem: Problem
  ) -> Deviation? {
    let outputs = problem.shape.outFeatures * problem.shape.tokens
    guard problem.pattern == .random, kernel.tolerance > 0, outputs >= 64,
      problem.shape.inFeatures >= 64, comparison.nmse > kernel.nmse
    else { return nil }
    return Deviation(.nmse, got: comparison.nmse, wanted: "at most \(kernel.nmse)")
  }

  private func threadDeviation(
    of kernel: Kernel, on problem: Problem, from result: [Float]
  ) -> Deviation? {
    let packed = PackedMatrix(
      packing: problem.weights, for: kernel, scales: problem.weightScales, placement: .guarded)
    for pool in pools {
      let multiplication = Multiplication(
        kernel, shape: problem.shape, activations: problem.activations, pool: pool)
      multiplication.quantize()
      multiplication.prepare()
      multiplication.compute(packed)
      if let found = Trial.difference(
        .threads, multiplication.result, wanted: result, rows: problem.shape.outFeatures)
      {
        return found
      }
    }
    return nil
  }
}

extension Kernel {
  /// The first other kernel that this CPU can run and whose bits must equal this one's.
  ///
  /// A lossless kernel needs none: the oracle settles its bits.
  func peer(among kernels: [Kernel]) -> Kernel? {
    guard let numerics, tolerance > 0 else { return nil }
    return kernels.first {
      $0.name != name && $0.numerics == numerics && $0.activation == activation
        && $0.weights == weights && $0.isRunnable
    }
  }
}
