public import Models

/// The architectures of GGUF files that are read.
enum Architecture: String, CaseIterable {
  /// llama.cpp's BitNet: 1bitLLM's models, with SiLU.
  case bitnet
  /// bitnet.cpp's name for 2B4T, with squared ReLU.
  case bitnet158 = "bitnet-b1.58"
  /// Llama-like models of ternary weights.
  case llama

  /// Whether q and k rows are stored so that neighbours rotate together.
  var pairsRows: Bool { self == .llama }

  /// What the architecture means where the file does not say.
  ///
  /// llama.cpp and current bitnet.cpp run SiLU in 2B4T too, which ruins it (perplexity 100 instead of
  /// 17; microsoft/BitNet issue 588): the model was trained with squared ReLU.
  var gate: Configuration.Activation { self == .bitnet158 ? .relu2 : .silu }
}

extension Architecture {
  /// The architecture that a file names.
  init(_ file: GGUFFile) throws(ModelFileError) {
    let key = "general.architecture"
    let name = try file.text(key) ?? ""
    guard let known = Architecture(rawValue: name) else {
      let all = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
      throw ModelFileError(
        path: file.path, part: "key \(String(reflecting: key))",
        reason: "is \(String(reflecting: name)), and known are \(all)")
    }
    self = known
  }
}

extension Configuration {
  /// Reads the sizes of a GGUF file.
  ///
  /// `gate` is taken instead of the activation that the file means.
  ///
  /// - Throws: `ModelFileError`.
  public init(_ file: GGUFFile, gate: Activation? = nil) throws(ModelFileError) {
    let architecture = try Architecture(file)
    let name = architecture.rawValue
    func integer(_ key: String) throws(ModelFileError) -> Int? {
      try file.integer("\(name).\(key)")
    }
    func required(_ key: String) throws(ModelFileError) -> Int {
      guard let value = try integer(key) else {
        throw ModelFileError(path: file.path, part: "key \"\(name).\(key)\"", reason: "is missing")
      }
      return value
    }
    let hidden = try required("embedding_length")
    let heads = try required("attention.head_count")
    let embedding = try file.requiredTensor(GGUFName.embedding)
    guard embedding.dimensions.count == 2, embedding.dimensions[0] == hidden else {
      throw embedding.failure(
        "has the shape \(embedding.dimensions), and the model's width is \(hidden)")
    }
    var headDim = try integer("attention.key_length") ?? 0
    if headDim == 0, heads >= 1, hidden.isMultiple(of: heads) { headDim = hidden / heads }
    let stated = try file.text("\(name).hidden_act").flatMap { Activation(rawValue: $0) }
    self.init(
      hidden: hidden, ffn: try required("feed_forward_length"), layers: try required("block_count"),
      heads: heads, kvHeads: try integer("attention.head_count_kv") ?? heads, headDim: headDim,
      vocabulary: embedding.dimensions[1], context: try integer("context_length"),
      ropeTheta: try file.number("\(name).rope.freq_base") ?? 10000,
      rmsEpsilon: Float(try file.number("\(name).attention.layer_norm_rms_epsilon") ?? 1e-5),
      gate: gate ?? stated ?? architecture.gate,
      hasSubNorms: file.tensor(named: "\(GGUFName.of(.attentionSub, layer: 0)).weight") != nil)
    if let inconsistency {
      throw ModelFileError(path: file.path, reason: "describes no decoder: \(inconsistency)")
    }
    if let rotated = try integer("rope.dimension_count"), rotated != headDim {
      throw ModelFileError(
        path: file.path, part: "key \"\(name).rope.dimension_count\"",
        reason: "is \(rotated), and only rotating all \(headDim) of a head is built")
    }
    // Each layer has at least seven matrices: a count that cannot be true allocates nothing.
    guard layers <= file.tensors.count else {
      throw ModelFileError(
        path: file.path, part: "key \"\(name).block_count\"",
        reason: "is \(layers), and the file has \(file.tensors.count) tensors")
    }
  }
}
