internal import MPGEMM
internal import Models

/// The matrices of a layer, in the order of the forward pass.
enum LayerMatrix: UInt64, CaseIterable {
  case q, k, v, o, gate, up, down

  /// M and K.
  func shape(_ c: Configuration) -> (outFeatures: Int, inFeatures: Int) {
    switch self {
    case .q: (c.attention, c.hidden)
    case .k, .v: (c.keysOrValues, c.hidden)
    case .o: (c.hidden, c.attention)
    case .gate, .up: (c.ffn, c.hidden)
    case .down: (c.hidden, c.ffn)
    }
  }

  /// The step that it belongs to.
  var part: LinearPart {
    switch self {
    case .q, .k, .v: .qkv
    case .o: .o
    case .gate, .up: .gateUp
    case .down: .down
    }
  }

  /// How many heads the rows are, where they rotate; nil elsewhere.
  func rotatingHeads(_ c: Configuration) -> Int? {
    switch self {
    case .q: c.heads
    case .k: c.kvHeads
    default: nil
    }
  }
}

/// The norms of a layer.
enum LayerNorm: CaseIterable {
  case attention, attentionSub, ffn, ffnSub

  func width(_ c: Configuration) -> Int {
    switch self {
    case .attention, .ffn: c.hidden
    case .attentionSub: c.attention
    case .ffnSub: c.ffn
    }
  }

  var isSubNorm: Bool { self == .attentionSub || self == .ffnSub }
}

/// Where a model's weights come from, one matrix at a time: a file, a folder, or a seed.
///
/// Rows of q and k come in rotary halves, and every width is that of the configuration.
protocol WeightSource {
  var configuration: Configuration { get }
  /// Whether the head is the embedding.
  var isTied: Bool { get }

  func matrix(_ matrix: LayerMatrix, layer: Int) throws(ModelFileError) -> TernaryWeights
  func norm(_ norm: LayerNorm, layer: Int) throws(ModelFileError) -> [Float]
  func outputNorm() throws(ModelFileError) -> [Float]
  func embedding() throws(ModelFileError) -> FloatValues
  /// Only asked for where it is not the embedding.
  func head() throws(ModelFileError) -> FloatValues
}

extension Weights {
  /// Reads and packs all weights of a source.
  ///
  /// Nil for `kind` keeps embedding and head as the source has them, nil for `count` reads all layers.
  /// `packSeconds` is raised by the time that packing took, without reading.
  ///
  /// - Throws: `ModelFileError`.
  init(
    _ source: some WeightSource, for kernel: any KernelChoice, head kind: HeadMatrix.Kind?,
    layers count: Int? = nil, packSeconds: inout Double
  ) throws(ModelFileError) {
    let c = source.configuration
    var seconds = 0.0
    func norm(_ norm: LayerNorm, _ layer: Int) throws(ModelFileError) -> Norm {
      Norm(try source.norm(norm, layer: layer))
    }
    func matrix(_ matrix: LayerMatrix, _ layer: Int) throws(ModelFileError) -> PackedMatrix {
      let weights = try source.matrix(matrix, layer: layer)
      let start = Stopwatch.now()
      defer { seconds += Stopwatch.now() - start }
      return PackedMatrix(
        packing: TernaryMatrix(
          outFeatures: weights.outFeatures, inFeatures: weights.inFeatures, values: weights.values),
        for: kernel.kernel(for: c.step(matrix.part), tokens: 1), scales: weights.scales,
        placement: .huge)
    }
    var layers: [Layer] = []
    for l in 0..<(count ?? c.layers) {
      layers.append(
        Layer(
          attentionNorm: try norm(.attention, l), q: try matrix(.q, l), k: try matrix(.k, l),
          v: try matrix(.v, l), attentionSubNorm: c.hasSubNorms ? try norm(.attentionSub, l) : nil,
          o: try matrix(.o, l), ffnNorm: try norm(.ffn, l), gate: try matrix(.gate, l),
          up: try matrix(.up, l), ffnSubNorm: c.hasSubNorms ? try norm(.ffnSub, l) : nil,
          down: try matrix(.down, l)))
    }
    let embedding = HeadMatrix(try source.embedding(), kind, configuration: c)
    self.init(
      embedding: embedding, layers: layers, outputNorm: Norm(try source.outputNorm()),
      head: source.isTied
        ? embedding : HeadMatrix(try source.head(), kind, configuration: c))
    packSeconds += seconds
  }
}

extension HeadMatrix {
  /// Keeps values as asked for, or in their own width.
  fileprivate convenience init(
    _ values: FloatValues, _ kind: Kind?, configuration c: Configuration
  ) {
    let own: Kind =
      switch values {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      case .q6k: .q6k
      }
    self.init(kind ?? own, rows: c.vocabulary, width: c.hidden, values: values)
  }
}
