import Decoder
import Foundation
import MPGEMM
import Models
import Testing

/// A model that is converted to GGUF is still the same model.
@Suite struct ConvertTests {
  static let kernel = Kernel.lossless[0]
  /// The file that is part of the program.
  static let trained = URL(filePath: #filePath)
    .appending(path: "../../../models/shakespeare.gguf").standardized.path

  static func logits(_ model: Model) -> [Float] {
    let transformer = Transformer(
      model.configuration, weights: model.weights, kernel: kernel,
      limits: Transformer.Limits(positions: 4), rotaryFactors: model.rotaryFactors,
      threads: ThreadPool(threads: 1))
    return transformer.prefill([3, 1, 4, 1])
  }

  @Test(arguments: ["2b4t-packed", "2b4t-bf16", "llama-packed", "2b4t.gguf", "llama.gguf"])
  func logitsStayTheSame(name: String) throws {
    let path = try HuggingFaceTests.path(name)
    let original = try Model(path: path, for: Self.kernel)
    let bytes = try Model.file(converting: path, type: .i2s, rows: .f32).bytes()
    let converted = try Model(GGUFFile(bytes: bytes, path: "converted.gguf"), for: Self.kernel)
    #expect(converted.configuration == original.configuration)
    #expect(Self.logits(converted) == Self.logits(original))
  }

  @Test func aTokenizerComesAlong() throws {
    let original = try GGUFFile(path: Self.trained)
    let converted = try GGUFFile(
      bytes: Model.file(converting: Self.trained, type: .i2s, rows: .f16).bytes(), path: "again")
    let keys = original.metadata.keys.filter { $0.hasPrefix("tokenizer.") }
    #expect(keys.count >= 5)
    for key in keys { #expect(converted.metadata[key] == original.metadata[key], "\(key)") }
    #expect(converted.metadata["general.name"] == original.metadata["general.name"])
    let text = "What country, friends, is this?"
    let models = try [original, converted].map { try Model($0, for: Self.kernel) }
    #expect(models[1].tokenizer?.encode(text) == models[0].tokenizer?.encode(text))
    #expect(Self.logits(models[1]) == Self.logits(models[0]))
  }

  @Test func whatATypeCannotStoreIsNamed() throws {
    do {
      _ = try Model.file(converting: Self.trained, type: .tq2, rows: .f16)
      Issue.record("672 weights do not fill blocks of 256")
    } catch {
      #expect(error.part == "layer blk.0.ffn_down" && error.path == Self.trained, "\(error)")
    }
  }
}
