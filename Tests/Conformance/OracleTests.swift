import MPGEMM
import Testing
import Verification

/// The oracle against the definition, written out as three loops over Int.
@Suite struct OracleTests {
  @Test(arguments: [(1, 1, 1), (3, 2, 7), (17, 3, 64), (5, 33, 300), (2, 2, 200_000)])
  func sumsEqualTheDefinition(_ m: Int, _ n: Int, _ k: Int) {
    for pattern in [Pattern.random, .positive, .negative, .aligned, .ties] {
      let problem = Problem(
        shape: Shape(outFeatures: m, tokens: n, inFeatures: k), pattern: pattern, seed: 3)
      let codes = QuantizedTokens(problem.activations, tokens: n).codes
      var wanted: [Int64] = []
      for t in 0..<n {
        for i in 0..<m {
          var sum: Int64 = 0
          for j in 0..<k {
            sum += Int64(problem.weights.values[i * k + j]) * Int64(codes[t * k + j])
          }
          wanted.append(sum)
        }
      }
      let pool = ThreadPool(threads: 3)
      let alone = Oracle.sums(problem.weights, codes: codes, tokens: n)
      let shared = Oracle.sums(problem.weights, codes: codes, tokens: n, pool: pool)
      #expect(alone == wanted && shared == wanted, "\(problem.shape) \(pattern)")
      // Codes as floats are exact in Double too.
      let floats = Oracle.sums(
        problem.weights, values: codes.map { Float($0) }, tokens: n, pool: pool)
      let wantedFloats = wanted.map { Double($0) }
      #expect(floats == wantedFloats, "\(problem.shape) \(pattern)")
    }
  }

  @Test func quantizesByTheDefinition() {
    let quantized = QuantizedTokens([2, -1, 0.5, 0, 0, 0, 0, 1e-6], tokens: 2)
    // s = 63.5, so that -1 lies at the tie -63.5 and goes to the even -64; 1e-6 * 1.27e7 is 12.7.
    #expect(quantized.codes == [127, -64, 32, 0, 0, 0, 0, 13])
    #expect(quantized.sums == [95, 13])
    #expect(quantized.scales == [1 / Float(63.5), 1 / (127 / Float(1e-5))])
    let narrow = QuantizedTokens([2, -1, 0.5, 0], tokens: 1, largestCode: 7)
    #expect(narrow.codes == [7, -4, 2, 0])
  }

  @Test(arguments: Pattern.allCases)
  func patternsAreDeterministicAndFinite(_ pattern: Pattern) {
    let shape = Shape(outFeatures: 9, tokens: 4, inFeatures: 100)
    let problem = Problem(shape: shape, pattern: pattern, seed: 5)
    let again = Problem(shape: shape, pattern: pattern, seed: 5)
    #expect(problem.weights == again.weights && problem.activations == again.activations)
    #expect(problem.weightScales == again.weightScales)
    #expect(!problem.activations.contains { !$0.isFinite })
    let binary = Problem(shape: shape, pattern: pattern, seed: 5, kind: .binary)
    #expect(!binary.weights.values.contains(0))
  }

  /// What the largest-sum patterns are for: every product is 127, with one sign in each row.
  @Test(arguments: [Pattern.positive, .negative, .minus, .alternating])
  func largestSums(_ pattern: Pattern) {
    let shape = Shape(outFeatures: 4, tokens: 3, inFeatures: 100)
    let problem = Problem(shape: shape, pattern: pattern, seed: 5)
    let codes = QuantizedTokens(problem.activations, tokens: 3).codes
    let sums = Oracle.sums(problem.weights, codes: codes, tokens: 3)
    #expect(!sums.contains { abs($0) != 127 * 100 }, "\(sums)")
  }
}
