/// What config.json says of a model.
public struct HuggingFaceConfiguration: Decodable, Sendable {
  public let modelType: String
  public let hiddenSize: Int
  public let intermediateSize: Int
  public let layers: Int
  public let heads: Int
  public let kvHeads: Int?
  public let headDim: Int?
  public let vocabulary: Int
  public let maxPositions: Int?
  public let ropeTheta: Double?
  public let rmsEpsilon: Double?
  public let activation: String?
  public let tied: Bool?
  let quantization: Quantization?
  /// The token that begins a text, and those that end one.
  let begin: Int?
  let ends: OneOrMore?

  /// A token, or a list of tokens.
  struct OneOrMore: Decodable, Sendable {
    let ids: [Int]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let id = try? container.decode(Int.self) {
        ids = [id]
      } else {
        ids = try container.decode([Int].self)
      }
    }
  }

  struct Quantization: Decodable, Sendable {
    let method: String?
    let linearClass: String?

    enum CodingKeys: String, CodingKey {
      case method = "quant_method"
      case linearClass = "linear_class"
    }
  }

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case hiddenSize = "hidden_size"
    case intermediateSize = "intermediate_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case kvHeads = "num_key_value_heads"
    case headDim = "head_dim"
    case vocabulary = "vocab_size"
    case maxPositions = "max_position_embeddings"
    case ropeTheta = "rope_theta"
    case rmsEpsilon = "rms_norm_eps"
    case activation = "hidden_act"
    case tied = "tie_word_embeddings"
    case quantization = "quantization_config"
    case begin = "bos_token_id"
    case ends = "eos_token_id"
  }

  /// Whether `weight_scale` is 1 / mean|W| (`bitlinear`, the default) or mean|W| (`autobitlinear`).
  var scalesAreReciprocal: Bool { quantization?.linearClass != "autobitlinear" }
}
