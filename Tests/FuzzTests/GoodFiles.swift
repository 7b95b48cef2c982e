import Decoder
import Foundation

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

  /// A model whose weights lie in a kernel's layout, in some 30 KB.
  static func mapped() -> GGUFWriter {
    var writer = Model.file(
      synthetic: Configuration(
        hidden: 128, ffn: 128, layers: 1, heads: 4, kvHeads: 1, headDim: 32, vocabulary: 16,
        context: 128, gate: .relu2, hasSubNorms: true), name: "mapped", from: Synthesis(),
      type: .i2s, tied: true)
    writer.add("rope_freqs.weight", type: .f32, dimensions: [16]) {
      .floats(.f32((0..<16).map { 1 + Float($0) }))
    }
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
    for type in [TensorType.tq1, .i2s, .tq2] {
      writer.add("ternary.\(type.name)", type: type, dimensions: [256, 3]) {
        .ternary(ternary, as: type)
      }
    }
    return writer
  }
}

extension GoodFiles {
  /// Writes a folder of packed weights with a tokenizer.json, some 40 KB in all.
  static func writeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
    try write(
      "config.json",
      """
      {"model_type": "bitnet", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1,
       "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 260, "hidden_act": "relu2",
       "tie_word_embeddings": true, "bos_token_id": 258, "eos_token_id": [258, 257],
       "quantization_config": {"quant_method": "bitnet", "linear_class": "autobitlinear"}}
      """.utf8)
    try write("generation_config.json", #"{"eos_token_id": 258}"#.utf8)
    try write("tokenizer.json", JSONSerialization.data(withJSONObject: tokenizer))
    try write("model.safetensors", safetensors())
  }

  private static var tokenizer: [String: Any] {
    let tokens = ByteAlphabet.letters.map { String($0) } + ["th", "the"]
    return [
      "added_tokens": [["id": 258, "content": "<|end|>", "special": true]],
      "pre_tokenizer": [
        "type": "Sequence",
        "pretokenizers": [
          ["type": "Punctuation", "behavior": "Contiguous"],
          ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
          ["type": "Digits", "individual_digits": false],
          [
            "type": "Split", "pattern": ["Regex": "[0-9][0-9][0-9]"], "behavior": "Isolated",
            "invert": false,
          ],
        ],
      ],
      "post_processor": [
        "type": "TemplateProcessing",
        "single": [["SpecialToken": ["id": "<|end|>", "type_id": 0]]],
      ],
      "model": [
        "type": "BPE", "ignore_merges": false, "merges": [["t", "h"], ["th", "e"]],
        "vocab": Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) }),
      ],
    ]
  }

  private static func safetensors() throws -> [UInt8] {
    let layer = "model.layers.0"
    var header: [String: Any] = [:]
    var data: [UInt8] = []
    func add(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) {
      header[name] = [
        "dtype": type, "shape": shape, "data_offsets": [data.count, data.count + bytes.count],
      ]
      data += bytes
    }
    func addHalves(_ name: String, _ shape: [Int]) {
      let count = shape.reduce(1, *)
      add(name, "BF16", shape, (0..<count).flatMap { [UInt8($0 % 97), 0x3E] })
    }
    let matrices = [
      ("self_attn.q_proj", 32, 32), ("self_attn.k_proj", 16, 32), ("self_attn.v_proj", 16, 32),
      ("self_attn.o_proj", 32, 32), ("mlp.gate_proj", 48, 32), ("mlp.up_proj", 48, 32),
      ("mlp.down_proj", 32, 48),
    ]
    for (name, m, k) in matrices {
      // Codes 2, 0, 1, 2.
      add("\(layer).\(name).weight", "U8", [m / 4, k], [UInt8](repeating: 0x92, count: m / 4 * k))
      addHalves("\(layer).\(name).weight_scale", [1])
    }
    for (name, width) in [
      ("input_layernorm", 32), ("post_attention_layernorm", 32), ("self_attn.attn_sub_norm", 32),
      ("mlp.ffn_sub_norm", 48),
    ] { addHalves("\(layer).\(name).weight", [width]) }
    addHalves("model.norm.weight", [32])
    addHalves("model.embed_tokens.weight", [260, 32])
    let text = try JSONSerialization.data(withJSONObject: header)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
  }
}
