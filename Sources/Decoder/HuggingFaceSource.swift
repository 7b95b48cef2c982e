internal import Models

/// The weights of a Hugging Face folder.
struct HuggingFaceSource: WeightSource {
  let folder: HuggingFaceFolder
  let configuration: Configuration

  init(_ folder: HuggingFaceFolder, gate: Configuration.Activation? = nil) throws(ModelFileError) {
    self.folder = folder
    configuration = try Configuration(folder, gate: gate)
  }

  var isTied: Bool { folder.configuration.tied ?? !folder.hasTensor(Self.head) }

  private static let head = "lm_head.weight"

  func matrix(_ matrix: LayerMatrix, layer: Int) throws(ModelFileError) -> TernaryWeights {
    let name =
      switch matrix {
      case .q: "self_attn.q_proj"
      case .k: "self_attn.k_proj"
      case .v: "self_attn.v_proj"
      case .o: "self_attn.o_proj"
      case .gate: "mlp.gate_proj"
      case .up: "mlp.up_proj"
      case .down: "mlp.down_proj"
      }
    let (outFeatures, inFeatures) = matrix.shape(configuration)
    return try folder.ternaryWeights(
      "model.layers.\(layer).\(name)", outFeatures: outFeatures, inFeatures: inFeatures)
  }

  func norm(_ norm: LayerNorm, layer: Int) throws(ModelFileError) -> [Float] {
    // transformers' names, then 1bitLLM's own.
    let names =
      switch norm {
      case .attention: ["input_layernorm"]
      case .attentionSub: ["self_attn.attn_sub_norm", "self_attn.inner_attn_ln"]
      case .ffn: ["post_attention_layernorm"]
      case .ffnSub: ["mlp.ffn_sub_norm", "mlp.ffn_layernorm"]
      }
    let full = names.map { "model.layers.\(layer).\($0).weight" }
    let name = full.first(where: folder.hasTensor) ?? full[0]
    return try folder.floats(name, shape: [norm.width(configuration)]).floats
  }

  func outputNorm() throws(ModelFileError) -> [Float] {
    try folder.floats("model.norm.weight", shape: [configuration.hidden]).floats
  }

  func embedding() throws(ModelFileError) -> FloatValues {
    try folder.floats(
      "model.embed_tokens.weight", shape: [configuration.vocabulary, configuration.hidden])
  }

  func head() throws(ModelFileError) -> FloatValues {
    try folder.floats(Self.head, shape: [configuration.vocabulary, configuration.hidden])
  }
}

extension Configuration {
  /// Reads a folder's config.json.
  init(_ folder: HuggingFaceFolder, gate: Activation?) throws(ModelFileError) {
    let c = folder.configuration
    func failure(_ key: String, _ reason: String) -> ModelFileError {
      ModelFileError(
        path: "\(folder.path)/config.json", part: "key \(String(reflecting: key))", reason: reason)
    }
    guard ["bitnet", "llama"].contains(c.modelType) else {
      throw failure(
        "model_type", "is \(String(reflecting: c.modelType)), and bitnet and llama are known")
    }
    let named = c.activation.flatMap { Activation(rawValue: $0) }
    guard let activation = gate ?? named else {
      throw failure(
        "hidden_act", "is \(String(reflecting: c.activation ?? "")), and relu2 and silu are known")
    }
    let subNorms = ["self_attn.attn_sub_norm", "self_attn.inner_attn_ln"]
    self.init(
      hidden: c.hiddenSize, ffn: c.intermediateSize, layers: c.layers, heads: c.heads,
      kvHeads: c.kvHeads ?? c.heads,
      headDim: c.headDim ?? (c.heads >= 1 ? c.hiddenSize / c.heads : 0), vocabulary: c.vocabulary,
      context: c.maxPositions, ropeTheta: c.ropeTheta ?? 10000,
      rmsEpsilon: Float(c.rmsEpsilon ?? 1e-6), gate: activation,
      hasSubNorms: subNorms.contains { folder.hasTensor("model.layers.0.\($0).weight") })
    if let inconsistency {
      throw ModelFileError(
        path: "\(folder.path)/config.json", reason: "describes no decoder: \(inconsistency)")
    }
    // Each layer has at least seven matrices: a count that cannot be true allocates nothing.
    guard layers <= folder.tensorCount else {
      throw failure(
        "num_hidden_layers", "is \(layers), and the folder has \(folder.tensorCount) tensors")
    }
  }
}
