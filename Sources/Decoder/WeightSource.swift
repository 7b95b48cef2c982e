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
  /// The matrix where it lies, if it lies in the kernel's layout; nil where it has to be packed.
  func mapped(_ matrix: LayerMatrix, layer: Int, for kernel: Kernel) throws(ModelFileError)
    -> PackedMatrix?
  func norm(_ norm: LayerNorm, layer: Int) throws(ModelFileError) -> [Float]
  func outputNorm() throws(ModelFileError) -> [Float]
  func embedding() throws(ModelFileError) -> FloatValues
  /// Only asked for where it is not the embedding.
  func head() throws(ModelFileError) -> FloatValues
}

extension WeightSource {
  /// Only files hold a kernel's layout.
  func mapped(_ matrix: LayerMatrix, layer: Int, for kernel: Kernel) -> PackedMatrix? { nil }
}
