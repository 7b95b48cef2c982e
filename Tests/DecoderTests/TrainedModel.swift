import Decoder
import Foundation
import MPGEMM
import Models
import Testing

/// The trained model in the program, with what PyTorch makes of its file (`tools/train/golden.py`).
struct TrainedModel: Sendable {
  static let golden: Result<TrainedModel, any Error> = Result { try TrainedModel() }

  /// Whether the environment asks for less, as it does where every instruction is emulated.
  static let isReduced = ProcessInfo.processInfo.environment["TERNBENCH_CONFORMANCE"] == "reduced"

  let reference: Reference
  /// The play that training has not seen.
  let heldOut: String
  let tokenizer: Tokenizer
  /// Of `heldOut`, without a token that begins it.
  let tokens: [Int]
  let configuration: Configuration

  struct Reference: Decodable {
    let ids: [Int]
    /// The token of the largest logit behind each of `ids`.
    let likeliest: [Int]
    /// The largest of all logits, less the smallest.
    let spread: Float
    /// All logits behind some of `ids`, by index.
    let logits: [String: [Float]]
    /// Of the held-out text, window by window, the sum of −ln p.
    let windowLosses: [Double]
    let predicted: Int
    let perplexity: Double
  }

  private init() throws {
    func fixture(_ name: String) throws -> Data {
      let folder = try #require(Bundle.module.resourceURL)
      return try Data(contentsOf: folder.appendingPathComponent("Fixtures/shakespeare/\(name)"))
    }
    reference = try JSONDecoder().decode(Reference.self, from: fixture("golden.json"))
    heldOut = String(decoding: try fixture("heldout.txt"), as: UTF8.self)
    configuration = try Configuration(EmbeddedModel.file)
    tokenizer = try #require(
      try Tokenizer(EmbeddedModel.file, vocabulary: configuration.vocabulary))
    tokens = tokenizer.encode(heldOut, addingBegin: false)
  }

  /// Tokens of one window of the held-out text.
  var window: Int { configuration.context ?? 256 }

  /// The model packed for a kernel, to be run in any number of ways.
  func packed(_ kernel: Kernel, head: HeadMatrix.Kind? = nil) throws -> Model {
    var options = Model.Options()
    options.head = head
    return try Model(EmbeddedModel.file, for: kernel, options: options)
  }

  func decoder(
    _ model: Model, _ kernel: Kernel, threads: Int = 1, sequences: Int = 1,
    memory: KeyValueMemory.Kind = .f16, operations: DecoderOperations = .best
  ) -> Transformer {
    Transformer(
      model.configuration, weights: model.weights, kernel: kernel,
      limits: Transformer.Limits(
        tokens: 64, sequences: sequences, positions: window, logits: 64, memory: memory),
      threads: ThreadPool(threads: threads), operations: operations)
  }

  /// The logits behind each of the reference's tokens.
  func logits(_ decoder: Transformer) -> [[Float]] {
    var rows: [[Float]] = []
    decoder.logits(of: reference.ids) { _, logits in rows.append(logits) }
    return rows
  }

  /// Places in the held-out text that are continued, evenly spread over it.
  func prompts(_ count: Int, of length: Int) -> [[Int]] {
    (0..<count).map { index in
      let begin = index * (tokens.count - length) / count
      return Array(tokens[begin..<begin + length])
    }
  }

  /// Continues prompts of one length, as many side by side as the decoder has sequences.
  func greedy(_ prompts: [[Int]], count: Int, by decoder: Transformer) -> [[Int]] {
    var texts: [[Int]] = []
    let batch = decoder.limits.sequences
    for begin in stride(from: 0, to: prompts.count, by: batch) {
      let group = prompts[begin..<min(begin + batch, prompts.count)]
      var next = group.enumerated().map { sequence, prompt in
        TokenSampler.likeliest(decoder.prefill(prompt, sequence: sequence))
      }
      var continued = next.map { [$0] }
      for step in 1..<count {
        let rows = decoder.forward(
          next.enumerated().map { sequence, token in
            Transformer.Input(
              token: token, sequence: sequence, position: prompts[0].count + step - 1,
              wantsLogits: true)
          })
        next = rows.map(TokenSampler.likeliest)
        for (sequence, token) in next.enumerated() { continued[sequence].append(token) }
      }
      texts += continued
    }
    return texts
  }

  /// The perplexity of the first windows of the held-out text.
  func perplexity(windows: Int, by decoder: Transformer) throws -> Double {
    var perplexity = Perplexity()
    perplexity.add(Array(tokens.prefix(windows * window)), window: window, by: decoder)
    return try #require(perplexity.value)
  }
}
