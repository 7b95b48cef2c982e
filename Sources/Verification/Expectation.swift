internal import MPGEMM

/// How a result compares with the expectation.
struct Comparison {
  /// Over all outputs.
  var maxAbsError = 0.0
  /// Σ (got − exact)² / Σ exact².
  var nmse = 0.0
  /// The first output that is wrong.
  var deviation: Deviation?
}

/// The right outputs of one problem for all kernels of one kind of activations, and how to compare.
struct Expectation: Sendable {
  /// What the kernels read.
  let activation: Kernel.Activation
  let shape: Shape
  /// The outputs in Double, N × M, token after token.
  let exact: [Double]
  /// To the bit what a kernel of tolerance 0 gives; empty for float32 activations.
  let lossless: [Float]
  /// Per token K · max|x|, by which a kernel's tolerance is multiplied.
  private let magnitudes: [Double]
  /// Per token, 1 for float32.
  private let tokenScales: [Float]
  private let problem: Problem

  /// Asks the oracle, on the pool's threads if there is one.
  init(_ problem: Problem, activation: Kernel.Activation, pool: ThreadPool? = nil) {
    self.activation = activation
    shape = problem.shape
    self.problem = problem
    let (m, k, tokens) = (shape.outFeatures, shape.inFeatures, shape.tokens)
    guard let largestCode = activation.largestCode else {
      tokenScales = [Float](repeating: 1, count: tokens)
      let sums = Oracle.sums(
        problem.weights, values: problem.activations, tokens: tokens, pool: pool)
      exact = Self.outputs(m, tokens) { i, t in sums[t * m + i] * Double(problem.weightScale(i)) }
      lossless = []
      magnitudes = Self.magnitudes(tokens, k) { abs(Double(problem.activations[$0])) }
      return
    }
    let quantized = QuantizedTokens(
      problem.activations, tokens: tokens, largestCode: Float(largestCode))
    let sums = Oracle.sums(problem.weights, codes: quantized.codes, tokens: tokens, pool: pool)
    let scales = quantized.scales
    tokenScales = scales
    exact = Self.outputs(m, tokens) { i, t in
      Double(sums[t * m + i]) * Double(problem.weightScale(i) * scales[t])
    }
    lossless = Self.outputs(m, tokens) { i, t in
      // In this order: the contract fixes it to the bit.
      Float(Int32(sums[t * m + i])) * (problem.weightScale(i) * scales[t])
    }
    magnitudes = Self.magnitudes(tokens, k) { abs(Double(quantized.codes[$0])) }
  }

  /// Compares a kernel's outputs, N × M, token after token.
  func compare(_ result: [Float], of kernel: Kernel) -> Comparison {
    precondition(kernel.activation == activation && result.count == exact.count)
    precondition(kernel.tolerance > 0 || activation != .float32, "floats are never exact")
    let m = shape.outFeatures
    var comparison = Comparison()
    var squaredError = 0.0
    var squared = 0.0
    for t in 0..<shape.tokens {
      for i in 0..<m {
        let index = t * m + i
        let got = result[index]
        // What a lossless kernel owes is the contract's float, rounding of the scales included.
        let wanted = kernel.tolerance == 0 ? Double(lossless[index]) : exact[index]
        let error = abs(Double(got) - wanted)
        // Infinite outputs are right where float32 has no larger number; they have no error.
        if error.isFinite {
          comparison.maxAbsError = max(comparison.maxAbsError, error)
          squaredError += error * error
          squared += wanted * wanted
        }
        guard comparison.deviation == nil else { continue }
        if kernel.tolerance == 0 {
          if got.bitPattern != lossless[index].bitPattern {
            comparison.deviation = Deviation(
              .output, row: i, token: t, got: got, wanted: lossless[index])
          }
        } else if !(error <= bound(of: kernel, row: i, token: t)) {
          comparison.deviation = Deviation(
            .tolerance, row: i, token: t, got: got, wanted: Float(exact[index]))
        }
      }
    }
    comparison.nmse = squared > 0 ? squaredError / squared : squaredError
    return comparison
  }

  /// The largest error that the contract allows.
  private func bound(of kernel: Kernel, row: Int, token: Int) -> Double {
    let scale = abs(Double(problem.weightScale(row) * tokenScales[token]))
    // A product below the smallest normal number may be lost: float's precision ends there.
    let underflow =
      Double(shape.inFeatures) * Double(Float.leastNormalMagnitude)
      * max(1, abs(Double(problem.weightScale(row))))
    return kernel.tolerance * magnitudes[token] * scale + underflow
  }

  private static func outputs<Value>(
    _ m: Int, _ tokens: Int, _ value: (_ row: Int, _ token: Int) -> Value
  ) -> [Value] {
    [Value](unsafeUninitializedCapacity: m * tokens) { target, initialized in
      for t in 0..<tokens {
        for i in 0..<m { target.initializeElement(at: t * m + i, to: value(i, t)) }
      }
      initialized = m * tokens
    }
  }

  private static func magnitudes(
    _ tokens: Int, _ k: Int, _ magnitude: (_ index: Int) -> Double
  ) -> [Double] {
    (0..<tokens).map { t in
      var largest = 0.0
      for index in t * k..<(t + 1) * k { largest = max(largest, magnitude(index)) }
      return Double(k) * largest
    }
  }
}

extension Kernel.Activation {
  /// The largest integer code; nil for floats.
  var largestCode: Int? {
    switch self {
    case .float32: nil
    case .int8: 127
    case .int4: 7
    }
  }
}
