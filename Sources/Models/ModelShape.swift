/// The weights of a model's transformer linear layers.
public enum WeightKind: String, Sendable, Encodable, CaseIterable {
  /// {-1, 0, +1}.
  case ternary
  /// {-1, +1}: BitNet v1. A subset of ternary, so every ternary kernel can hold it.
  case binary
  /// Float or integer weights that no ternary kernel can hold: the baselines of the papers.
  case unquantized = "none"
}

/// The activation function of the feed-forward block.
public enum Activation: String, Sendable, Encodable, CaseIterable {
  case silu
  case gelu
  /// max(0, x)².
  case relu2
}

/// Where a transformer block normalises.
public enum Normalization: String, Sendable, Encodable, CaseIterable {
  /// RMSNorm before attention and before the feed-forward block.
  case rms
  /// As `rms`, and again before the o and the down projection.
  ///
  /// attn_sub_norm and ffn_sub_norm in the 2B4T model, inner_attn_ln and ffn_layernorm in 1bitLLM's.
  case rmsAndSub = "rms+sub"
  /// As `rms`, and on each head of q and k.
  case rmsAndQK = "rms+qk"
  /// BitNet v1's SubLN: LayerNorm before each of the two blocks and again before their output projections.
  case subLN = "subln"
}

/// The shape of one transformer language model: what decides its linear layers and one forward pass.
///
/// An optional property is `nil` where no source gives it. The encoded names are the columns of the
/// catalogue, and those of a user's own TOML file.
public struct ModelShape: Sendable, Equatable, Encodable {
  /// The stable lower-case name used on the command line and in results.
  public let slug: String
  public let name: String
  public let family: String

  /// The width of the residual stream.
  public let hidden: Int
  /// The inner width of the feed-forward block.
  public let ffn: Int
  public let layers: Int
  public let heads: Int
  public let kvHeads: Int
  /// The width of one head; hidden / heads where no source gives it.
  ///
  /// `heads * headDim` may differ from `hidden`.
  public let headDim: Int
  public let vocab: Int?
  /// Whether lm_head shares the weights of the token embedding.
  public let tied: Bool?

  public let activation: Activation?
  /// Whether the feed-forward block multiplies by a gate: gate, up and down instead of up and down.
  public let gated: Bool
  public let norm: Normalization?
  public let ropeTheta: Double?
  public let rmsEps: Double?
  public let maxContext: Int?

  public let weights: WeightKind
  /// The measured share of zero weights, in percent.
  public let zeroPercent: Double?

  /// Where the numbers come from.
  public let source: String
  /// How far the source can be trusted, and which values are inferred.
  public let confidence: String?

  /// The catalogue's columns in order; a user's own file takes the same names.
  enum CodingKeys: String, CodingKey, CaseIterable {
    case slug, name, family
    case hidden, ffn, layers, heads
    case kvHeads = "kv_heads"
    case headDim = "head_dim"
    case vocab, tied, activation, gated, norm
    case ropeTheta = "rope_theta"
    case rmsEps = "rms_eps"
    case maxContext = "max_context"
    case weights
    case zeroPercent = "zero_percent"
    case source, confidence
  }
}
