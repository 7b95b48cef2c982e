import MPGEMM
import Testing
import Verification

/// Every quantizer equals the definition to the bit, and so each other.
@Suite struct QuantizerTests {
  private static let runnable = Quantizer.all.filter { ISA.current.isSuperset(of: $0.requiredISA) }
  private static let unsupported = Quantizer.all.filter {
    !ISA.current.isSuperset(of: $0.requiredISA)
  }
  // Not within @Test: Swift 6.0's compiler asserts on an interpolation in a macro's argument.
  private static let unsupportedReason =
    "this CPU cannot check quantizers \(unsupported.map(\.name))"

  @Test func hasAPortableOne() {
    #expect(Quantizer.all.last?.name == "portable" && Quantizer.all.last?.requiredISA == [])
  }

  @Test(.enabled(if: unsupported.isEmpty, Comment(rawValue: unsupportedReason)))
  func runsEveryQuantizer() {
    #expect(Self.runnable.count == Quantizer.all.count)
  }

  @Test(arguments: runnable.indices)
  func equalsTheDefinition(_ index: Int) {
    let quantizer = Self.runnable[index]
    for pattern in Pattern.allCases {
      for inputs in Array(1...40) + [63, 64, 65, 127, 255, 256, 257, 1000, 5460, 8640] {
        for tokens in [1, 3] {
          let shape = Shape(outFeatures: 1, tokens: tokens, inFeatures: inputs)
          let seed = UInt64(inputs)
          let problem = Problem(shape: shape, pattern: pattern, seed: seed)
          let difference = firstDifference(quantizer, problem.activations, tokens: tokens)
          #expect(
            difference == nil,
            "quantizer \(quantizer.name) \(shape) pattern \(pattern.rawValue) seed \(seed): \(difference ?? "")"
          )
          if difference != nil { return }
        }
      }
    }
  }

  /// Values that no pattern has: signed zeros, the extremes, and the floor's own neighbours.
  @Test(arguments: runnable.indices)
  func equalsTheDefinitionAtTheEdges(_ index: Int) {
    let floor: Float = 1e-5
    let tokens: [[Float]] = [
      [0, -0.0, 0, -0.0], [floor, -floor, floor / 2, 0], [floor.nextDown, 1e-6, -1e-6, 0],
      [floor.nextUp, -floor.nextUp, 0, floor / 254], [.greatestFiniteMagnitude, 1, -1e38, 3e38],
      [-.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0, 1],
      [.leastNonzeroMagnitude, -.leastNormalMagnitude, 0, 0],
      [1, 0.5 / 127, -0.5 / 127, 1.5 / 127],
      [2, 2.5 / 63.5, -2.5 / 63.5, 126.5 / 63.5], [-127, 126.5, -126.5, 125.5],
    ]
    // Each alone, and repeated to any vector's length with a tail.
    for token in tokens {
      for length in [1, 2, 4, 7, 16, 33, 67] {
        let values = (0..<length).map { token[$0 % token.count] }
        let difference = firstDifference(Self.runnable[index], values, tokens: 1)
        #expect(difference == nil, "\(Self.runnable[index].name) on \(values): \(difference ?? "")")
      }
    }
  }

  /// Runs a quantizer in buffers that end at guard pages, over garbage.
  private func firstDifference(_ quantizer: Quantizer, _ values: [Float], tokens: Int) -> String? {
    let k = values.count / tokens
    func buffer(_ count: Int, alignment: Int) -> Buffer {
      let buffer = Buffer(count: count, placement: .guarded, alignment: alignment)
      buffer.fill(0xA5)
      return buffer
    }
    let input = buffer(4 * values.count, alignment: 4)
    input.store(values)
    let codes = buffer(values.count, alignment: 1)
    let scales = buffer(4 * tokens, alignment: 4)
    let sums = buffer(4 * tokens, alignment: 4)
    quantizer.quantize(
      tokens: 0..<tokens, inFeatures: k, values: input, codes: codes, scales: scales, sums: sums)
    let wanted = QuantizedTokens(values, tokens: tokens)
    let gotCodes = codes.elements(of: Int8.self)
    for (index, (got, want)) in zip(gotCodes, wanted.codes).enumerated() where got != want {
      return "code of token \(index / k) input \(index % k): got \(got), wanted \(want)"
    }
    for (token, (got, want)) in zip(scales.elements(of: Float.self), wanted.scales).enumerated()
    where got.bitPattern != want.bitPattern {
      return "scale of token \(token): got \(got), wanted \(want)"
    }
    for (token, (got, want)) in zip(sums.elements(of: Int32.self), wanted.sums).enumerated()
    where got != want {
      return "sum of token \(token): got \(got), wanted \(want)"
    }
    return nil
  }
}
