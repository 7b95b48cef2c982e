import Decoder
import Foundation
import MPGEMM
import Models
import Testing

/// A tiny model with the logits that transformers 4.57.1 gives (`tools/golden/make_logits.py`).
struct GoldenModel: Sendable {
  static let names = ["2b4t", "1bitllm", "llama"]

  let file: GGUFFile
  let ids: [Int]
  let logits: [[Float]]

  private struct Golden: Decodable {
    let ids: [Int]
    let logits: [[Float]]
  }

  init(_ name: String) throws {
    let gguf = try #require(
      Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "gguf"))
    let json = try #require(
      Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "json"))
    file = try GGUFFile(path: gguf.path)
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: json))
    ids = golden.ids
    logits = golden.logits
  }

  /// A decoder of the model.
  func decoder(
    _ kernel: Kernel, threads: Int = 1, chunk: Int = 128, sequences: Int = 1,
    head: HeadMatrix.Kind? = nil, memory: KeyValueMemory.Kind = .f32,
    operations: DecoderOperations = .best
  ) throws -> Transformer {
    var options = Model.Options()
    options.head = head
    let model = try Model(file, for: kernel, options: options)
    return Transformer(
      model.configuration, weights: model.weights, kernel: kernel,
      limits: Transformer.Limits(
        tokens: chunk, sequences: sequences, positions: ids.count, logits: max(chunk, sequences),
        memory: memory),
      threads: ThreadPool(threads: threads), operations: operations)
  }

  /// The logits of every position.
  func logits(_ decoder: Transformer) -> [[Float]] {
    var rows: [[Float]] = []
    decoder.logits(of: ids) { _, logits in rows.append(logits) }
    return rows
  }

  /// The largest difference from the reference, over the range of its logits.
  func relativeError(_ rows: [[Float]]) -> Float {
    let all = logits.joined()
    let range = (all.max() ?? 0) - (all.min() ?? 0)
    let errors = zip(rows.joined(), all).map { abs($0 - $1) }
    return (errors.max() ?? .infinity) / range
  }
}

extension Kernel {
  /// Kernels that this CPU runs on int8 activations, exact to the bit.
  static var lossless: [Kernel] {
    all.filter {
      $0.isRunnable && $0.isLossless && $0.activation == .int8 && $0.weights == .ternary
    }
  }
}
