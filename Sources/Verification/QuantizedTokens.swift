/// Tokens as integer codes, by the definition of the quantizer in `mpgemm_quantizer.h`.
public struct QuantizedTokens: Sendable, Equatable {
  /// Token after token.
  public let codes: [Int8]
  /// One a token.
  public let scales: [Float]
  /// The sum of each token's codes.
  public let sums: [Int32]

  /// Quantizes: s = largestCode / max(max|x|, 1e-5), code = rint(x · s) with ties to even, scale = 1 / s.
  public init(_ values: [Float], tokens: Int, largestCode: Float = 127) {
    let k = values.count / tokens
    var codes = [Int8](repeating: 0, count: values.count)
    var scales = [Float](repeating: 0, count: tokens)
    var sums = [Int32](repeating: 0, count: tokens)
    for token in 0..<tokens {
      let inputs = token * k..<(token + 1) * k
      var largest: Float = 1e-5
      for index in inputs { largest = max(largest, abs(values[index])) }
      let factor = largestCode / largest
      var sum: Int32 = 0
      for index in inputs {
        let code = Int8((values[index] * factor).rounded(.toNearestOrEven))
        codes[index] = code
        sum += Int32(code)
      }
      scales[token] = 1 / factor
      sums[token] = sum
    }
    self.codes = codes
    self.scales = scales
    self.sums = sums
  }
}
