import Decoder
import Foundation
import MPGEMM
import Testing

/// The forward pass beside Hugging Face transformers in float32.
@Suite struct AgreementTests {
  /// Of the range of the logits.
  static let tolerance: Float = 1e-3

  @Test(arguments: GoldenModel.names) func logitsAgree(name: String) throws {
    let golden = try GoldenModel(name)
    let kernel = try #require(Kernel.lossless.first)
    let rows = golden.logits(try golden.decoder(kernel))
    #expect(rows.count == golden.ids.count)
    let error = golden.relativeError(rows)
    #expect(error <= Self.tolerance, "\(name): \(error) of the range")
    for (position, (ours, theirs)) in zip(rows, golden.logits).enumerated() {
      #expect(
        TokenSampler.likeliest(ours) == TokenSampler.likeliest(theirs),
        "\(name), position \(position)")
    }
  }

  /// What transformers has behind each half of each block: of a layer, by position.
  private struct Residuals: Decodable {
    let positions: [Int]
    let attention, feedForward: [[[Float]]]
  }

  /// Not only what comes out agrees, but the residual stream on the way.
  @Test(arguments: GoldenModel.names) func residualsAgree(name: String) throws {
    let golden = try GoldenModel(name)
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/residuals", withExtension: "json"))
    let all = try JSONDecoder().decode([String: Residuals].self, from: Data(contentsOf: url))
    let reference = try #require(all[name])
    let decoder = try golden.decoder(try #require(Kernel.lossless.first))
    let width = decoder.configuration.hidden
    var compared = 0
    decoder.onResidual = { layer, half, residual in
      let theirs = (half == .attention ? reference.attention : reference.feedForward)[layer]
      let values = theirs.joined()
      let range = (values.max() ?? 0) - (values.min() ?? 0)
      for (position, row) in zip(reference.positions, theirs) {
        let ours = residual[position * width..<(position + 1) * width]
        let error = zip(ours, row).map { abs($0 - $1) }.max() ?? .infinity
        #expect(
          ours.count == row.count && error <= Self.tolerance * range,
          "\(name), layer \(layer), \(half), position \(position): \(error) of \(range)")
        compared += 1
      }
    }
    _ = golden.logits(decoder)
    #expect(compared == decoder.configuration.layers * 2 * reference.positions.count)
  }

  @Test(arguments: GoldenModel.names) func losslessKernelsGiveTheSameBits(name: String) throws {
    let golden = try GoldenModel(name)
    let kernels = Kernel.lossless
    let first = golden.logits(try golden.decoder(kernels[0]))
    for kernel in kernels.dropFirst() {
      #expect(golden.logits(try golden.decoder(kernel)) == first, "\(name), \(kernel)")
    }
  }

  @Test(arguments: GoldenModel.names) func nothingDependsOnHowWorkIsCut(name: String) throws {
    let golden = try GoldenModel(name)
    let kernel = try #require(Kernel.lossless.first)
    let whole = golden.logits(try golden.decoder(kernel))
    for (threads, chunk) in [(1, 1), (1, 7), (2, 128), (3, 5)] {
      let rows = golden.logits(try golden.decoder(kernel, threads: threads, chunk: chunk))
      #expect(rows == whole, "\(name), \(threads) threads, chunks of \(chunk)")
    }
  }

  @Test(arguments: GoldenModel.names) func everyISAGivesTheSameBits(name: String) throws {
    let golden = try GoldenModel(name)
    let kernel = try #require(Kernel.lossless.first)
    let runnable = DecoderOperations.all.filter { ISA.current.isSuperset(of: $0.requiredISA) }
    let width = try Configuration(golden.file).hidden
    for head in HeadMatrix.Kind.allCases where head.takes(width: width) {
      for memory in KeyValueMemory.Kind.allCases {
        let best = golden.logits(try golden.decoder(kernel, head: head, memory: memory))
        for operations in runnable {
          let rows = golden.logits(
            try golden.decoder(kernel, head: head, memory: memory, operations: operations))
          #expect(rows == best, "\(name), \(operations.name), head \(head), \(memory)")
        }
      }
    }
  }

  /// Each of four sequences, at different positions, gives what it gives alone.
  @Test(arguments: GoldenModel.names) func sequencesDoNotMix(name: String) throws {
    let golden = try GoldenModel(name)
    let kernel = try #require(Kernel.lossless.first)
    let alone = golden.logits(try golden.decoder(kernel))
    let decoder = try golden.decoder(kernel, threads: 2, sequences: 4)
    for step in 0..<golden.ids.count + 3 {
      // Sequence s begins s steps later.
      let running = (0..<4).filter { (0..<golden.ids.count).contains(step - $0) }
      let rows = decoder.forward(
        running.map { sequence in
          Transformer.Input(
            token: golden.ids[step - sequence], sequence: sequence, position: step - sequence,
            wantsLogits: true)
        })
      for (sequence, row) in zip(running, rows) {
        #expect(row == alone[step - sequence], "\(name), sequence \(sequence), step \(step)")
      }
    }
  }

  /// Halves for keys and values move attention by 2⁻¹¹, and with it some of the next layer's int8 codes.
  @Test(arguments: GoldenModel.names) func halvesForKeysAndValuesAreClose(name: String) throws {
    let golden = try GoldenModel(name)
    let kernel = try #require(Kernel.lossless.first)
    let error = golden.relativeError(
      golden.logits(try golden.decoder(kernel, memory: .f16)))
    #expect(error < 0.02, "\(name): \(error)")
  }

  /// Codes move attention by up to 2⁻⁸ of a head's largest value.
  @Test(arguments: GoldenModel.names) func codesForKeysAndValuesAreClose(name: String) throws {
    let golden = try GoldenModel(name)
    let kernel = try #require(Kernel.lossless.first)
    let exact = golden.logits(try golden.decoder(kernel, memory: .f32))
    let codes = golden.logits(try golden.decoder(kernel, memory: .int8))
    #expect(codes != exact && golden.relativeError(codes) < 0.05, "\(golden.relativeError(codes))")
  }

  @Test func narrowHeadsAreCloseToTheFile() throws {
    let golden = try GoldenModel("2b4t")
    let kernel = try #require(Kernel.lossless.first)
    let f16 = golden.relativeError(golden.logits(try golden.decoder(kernel, head: .f16)))
    let f32 = golden.relativeError(golden.logits(try golden.decoder(kernel, head: .f32)))
    let int8 = golden.relativeError(golden.logits(try golden.decoder(kernel, head: .int8)))
    #expect(f16 == f32)  // the file is f16
    #expect(int8 > f16 && int8 < 0.05, "\(int8)")
  }

  /// Float kernels multiply activations that are not quantized: close, not equal.
  @Test func lossyKernelsAreClose() throws {
    let golden = try GoldenModel("1bitllm")
    let lossy = Kernel.all.filter { $0.isRunnable && !$0.isLossless && $0.activation != .int4 }
    for kernel in lossy {
      let error = golden.relativeError(golden.logits(try golden.decoder(kernel)))
      #expect(error < 0.1, "\(kernel): \(error)")
    }
  }
}
