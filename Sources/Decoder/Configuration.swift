internal import MPGEMM
public import Models

/// What a decoder computes: sizes, and which of the known variants.
public struct Configuration: Sendable, Equatable {
  /// The width of the residual stream.
  public var hidden: Int
  public var ffn: Int
  public var layers: Int
  public var heads: Int
  public var kvHeads: Int
  public var headDim: Int
  public var vocabulary: Int
  /// The most positions that the model was made for; nil where its file does not say.
  public var context: Int?
  public var ropeTheta: Double
  public var rmsEpsilon: Float
  /// The feed-forward block's activation: squared ReLU in 2B4T, SiLU in most others.
  public var gate: Activation
  /// Whether there are norms before o and down: attn_sub_norm and ffn_sub_norm.
  public var hasSubNorms: Bool

  public enum Activation: String, Sendable, CaseIterable {
    case relu2, silu
  }

  public init(
    hidden: Int, ffn: Int, layers: Int, heads: Int, kvHeads: Int, headDim: Int, vocabulary: Int,
    context: Int? = nil, ropeTheta: Double = 10000, rmsEpsilon: Float = 1e-5,
    gate: Activation = .silu, hasSubNorms: Bool = false
  ) {
    self.hidden = hidden
    self.ffn = ffn
    self.layers = layers
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.vocabulary = vocabulary
    self.context = context
    self.ropeTheta = ropeTheta
    self.rmsEpsilon = rmsEpsilon
    self.gate = gate
    self.hasSubNorms = hasSubNorms
  }

  /// The width of all query heads: what q makes and o takes.
  public var attention: Int { heads * headDim }
  /// The width of all key heads, and of all value heads.
  public var keysOrValues: Int { kvHeads * headDim }

  /// Why no decoder can have these sizes; nil if one can.
  public var inconsistency: String? {
    let sizes = [hidden, ffn, layers, heads, kvHeads, headDim, vocabulary]
    if sizes.contains(where: { $0 < 1 || $0 > 1 << 24 }) {
      return "a size is not between 1 and \(1 << 24)"
    }
    if !heads.isMultiple(of: kvHeads) { return "\(heads) heads do not share \(kvHeads) keys" }
    if !headDim.isMultiple(of: 2) { return "a head of \(headDim) has no halves to rotate" }
    if headDim > DecoderOperations.largestHeadDim {
      return "a head of \(headDim) is wider than \(DecoderOperations.largestHeadDim)"
    }
    if !(ropeTheta >= 1 && ropeTheta <= 1e12) { return "the rotary base is \(ropeTheta)" }
    if !(rmsEpsilon >= 0 && rmsEpsilon <= 1) { return "the epsilon of its norms is \(rmsEpsilon)" }
    return nil
  }
}

extension Configuration {
  /// Why a catalogue model has no decoder.
  public struct Unsupported: Error, Equatable, CustomStringConvertible {
    public let description: String
  }

  /// The decoder of a model's shape, for synthetic weights.
  ///
  /// Where the catalogue has no source for a value that changes what is computed but hardly its time
  /// (rotary base, epsilon, activation), the usual one is taken.
  public init(_ shape: ModelShape) throws(Unsupported) {
    func refuse(_ reason: String) -> Unsupported {
      Unsupported(description: "model \(String(reflecting: shape.slug)): \(reason)")
    }
    guard let vocabulary = shape.vocab else { throw refuse("its vocabulary is not known") }
    guard shape.weights != .unquantized else { throw refuse("it has no ternary weights") }
    guard shape.gated else {
      throw refuse("its feed-forward block has no gate, which is not built")
    }
    guard shape.norm != .rmsAndQK, shape.norm != .subLN else {
      throw refuse("its norm \(shape.norm?.rawValue ?? "") is not built")
    }
    self.init(
      hidden: shape.hidden, ffn: shape.ffn, layers: shape.layers, heads: shape.heads,
      kvHeads: shape.kvHeads, headDim: shape.headDim, vocabulary: vocabulary,
      context: shape.maxContext, ropeTheta: shape.ropeTheta ?? 10000,
      rmsEpsilon: Float(shape.rmsEps ?? 1e-5),
      gate: shape.activation == .relu2 ? .relu2 : .silu, hasSubNorms: shape.norm == .rmsAndSub)
    if let inconsistency { throw refuse(inconsistency) }
  }
}
