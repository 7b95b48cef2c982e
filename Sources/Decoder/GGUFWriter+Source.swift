internal import Models

extension GGUFWriter {
  /// A file of a source's weights, which are read as they are written.
  ///
  /// - Parameters:
  ///   - source: Where weights come from.
  ///   - name: The model's name in the file.
  ///   - type: I2_S, or TQ1_0 or TQ2_0 where every width is a multiple of 256.
  ///   - rows: How embedding and head are stored: F16, BF16 or F32.
  init(
    _ source: some WeightSource, name: String, type: TensorType, rows: TensorType = .f16
  ) {
    self.init()
    let c = source.configuration
    let architecture = Architecture(writing: c)
    set(c, name: name, architecture: architecture)
    addRows(GGUFName.embedding, c, rows) { try source.embedding() }
    for layer in 0..<c.layers {
      for norm in LayerNorm.allCases where c.hasSubNorms || !norm.isSubNorm {
        add(
          "\(GGUFName.of(norm, layer: layer)).weight", type: .f32, dimensions: [norm.width(c)]
        ) { .floats(.f32(try source.norm(norm, layer: layer))) }
      }
      for matrix in LayerMatrix.allCases {
        let (outFeatures, inFeatures) = matrix.shape(c)
        add(
          "\(GGUFName.of(matrix, layer: layer)).weight", type: type,
          dimensions: [inFeatures, outFeatures]
        ) {
          var weights = try source.matrix(matrix, layer: layer)
          if architecture.pairsRows, let heads = matrix.rotatingHeads(c) {
            weights.pairRows(heads: heads)
          }
          return .ternary(weights, as: type)
        }
      }
    }
    add(GGUFName.outputNorm, type: .f32, dimensions: [c.hidden]) {
      .floats(.f32(try source.outputNorm()))
    }
    if !source.isTied { addRows(GGUFName.head, c, rows) { try source.head() } }
  }

  /// Adds the embedding or the head.
  private mutating func addRows(
    _ name: String, _ c: Configuration, _ type: TensorType,
    _ values: @escaping () throws -> FloatValues
  ) {
    add(name, type: type, dimensions: [c.hidden, c.vocabulary]) { .floats(try values()) }
  }

  /// The metadata that a reader of the architecture needs.
  private mutating func set(_ c: Configuration, name: String, architecture: Architecture) {
    let a = architecture.rawValue
    set("general.architecture", .text(a))
    set("general.name", .text(name))
    set("\(a).vocab_size", .integer(c.vocabulary))
    if let context = c.context { set("\(a).context_length", .integer(context)) }
    set("\(a).embedding_length", .integer(c.hidden))
    set("\(a).block_count", .integer(c.layers))
    set("\(a).feed_forward_length", .integer(c.ffn))
    set("\(a).attention.head_count", .integer(c.heads))
    set("\(a).attention.head_count_kv", .integer(c.kvHeads))
    set("\(a).attention.key_length", .integer(c.headDim))
    set("\(a).attention.value_length", .integer(c.headDim))
    set("\(a).attention.layer_norm_rms_epsilon", .number(Double(c.rmsEpsilon)))
    set("\(a).rope.dimension_count", .integer(c.headDim))
    set("\(a).rope.freq_base", .number(c.ropeTheta))
    set("\(a).hidden_act", .text(c.gate.rawValue))
  }
}

extension Architecture {
  /// The architecture under which a configuration is written.
  fileprivate init(writing configuration: Configuration) {
    self =
      !configuration.hasSubNorms
      ? .llama : configuration.gate == .relu2 ? .bitnet158 : .bitnet
  }
}
