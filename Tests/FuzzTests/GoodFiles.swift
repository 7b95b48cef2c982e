import Decoder

@testable import Models

/// Small GGUF files that between them hold all that is read.
enum GoodFiles {
  /// A model with a tokenizer, in some 30 KB.
  static func model() throws -> GGUFWriter {
    let configuration = Configuration(
      hidden: 32, ffn: 48, layers: 2, heads: 2, kvHeads: 1, headDim: 16, vocabulary: 260,
      context: 128, gate: .relu2, hasSubNorms: true)
    var writer = Model.file(
      synthetic: configuration, name: "good", from: Synthesis(), type: .i2s, tied: false)
    let tokens = ByteAlphabet.letters.map { String($0) } + ["th", "the", "<|end|>"]
    writer.set("tokenizer.ggml.model", .text("gpt2"))
    writer.set("tokenizer.ggml.pre", .text("llama-bpe"))
    writer.set("tokenizer.ggml.tokens", .texts(tokens))
    writer.set("tokenizer.ggml.merges", .texts(["t h", "th e"]))
    writer.set(
      "tokenizer.ggml.token_type", .integers([Int](repeating: 1, count: tokens.count - 1) + [3]))
    writer.set("tokenizer.ggml.eos_token_id", .integer(258))
    writer.set("tokenizer.ggml.bos_token_id", .integer(258))
    writer.set("tokenizer.ggml.add_bos_token", .flag(true))
    return writer
  }

  /// No model, but every type of value and tensor that is written.
  static func everyType() -> GGUFWriter {
    var writer = GGUFWriter()
    let values: [GGUFValue] = [
      .integer(7), .integer(-7), .integer(1 << 40), .number(0.5), .flag(true), .text("世界"),
      .integers([1, -2, 3]), .numbers([0.25, -4]), .flags([true, false]), .texts(["", "Ġthe"]),
    ]
    for (index, value) in values.enumerated() { writer.set("key.\(index)", value) }
    let ternary = TernaryWeights(
      outFeatures: 3, inFeatures: 256, values: (0..<768).map { Int8($0 * 7 % 3) - 1 },
      scales: [0.5])
    for type in [TensorType.f32, .f16, .bf16] {
      writer.add("floats.\(type.name)", type: type, dimensions: [256, 2]) {
        .floats(.f32((0..<512).map { Float($0 % 37 - 18) / 16 }))
      }
    }
    for type in [TensorType.i2s, .tq2] {
      writer.add("ternary.\(type.name)", type: type, dimensions: [256, 3]) {
        .ternary(ternary, as: type)
      }
    }
    return writer
  }
}
