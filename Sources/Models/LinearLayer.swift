/// One kind of linear layer of a model: its name, its shape and how often it occurs.
public struct LinearLayer: Sendable, Equatable, Encodable {
  /// q, k, v, o, gate, up, down or lm_head.
  public let name: String
  public let outFeatures: Int
  public let inFeatures: Int
  /// How often the layer occurs in the forward pass of one token.
  public let countPerToken: Int
  /// Whether a ternary kernel can hold its weights: ternary, or binary as the subset without zeros.
  public let isTernary: Bool

  /// The weights that one token meets in all occurrences of the layer.
  public var weightsPerToken: Int { outFeatures * inFeatures * countPerToken }

  private enum CodingKeys: String, CodingKey {
    case name
    case outFeatures = "out_features"
    case inFeatures = "in_features"
    case countPerToken = "count_per_token"
    case isTernary = "ternary"
  }
}

extension ModelShape {
  /// The linear layers in the order of a forward pass: q, k, v, o, gate (gated models only), up, down, lm_head.
  ///
  /// lm_head is never ternary, and absent where the vocabulary is unknown.
  public var linearLayers: [LinearLayer] {
    let attention = heads * headDim
    let keysOrValues = kvHeads * headDim

    func block(_ name: String, out: Int, in inFeatures: Int) -> LinearLayer {
      LinearLayer(
        name: name, outFeatures: out, inFeatures: inFeatures, countPerToken: layers,
        isTernary: weights != .unquantized)
    }

    var all = [
      block("q", out: attention, in: hidden),
      block("k", out: keysOrValues, in: hidden),
      block("v", out: keysOrValues, in: hidden),
      block("o", out: hidden, in: attention),
    ]
    if gated { all.append(block("gate", out: ffn, in: hidden)) }
    all.append(block("up", out: ffn, in: hidden))
    all.append(block("down", out: hidden, in: ffn))
    if let vocab {
      all.append(
        LinearLayer(
          name: "lm_head", outFeatures: vocab, inFeatures: hidden, countPerToken: 1,
          isTernary: false))
    }
    return all
  }

  /// The linear layers that a ternary kernel can run.
  public var ternaryLayers: [LinearLayer] { linearLayers.filter(\.isTernary) }

  /// The weights of the ternary layers that one token meets.
  public var ternaryWeightsPerToken: Int {
    ternaryLayers.reduce(0) { $0 + $1.weightsPerToken }
  }

  /// The weights of all other linear layers that one token meets.
  ///
  /// `nil` where the vocabulary, and with it lm_head, is unknown.
  public var nonTernaryWeightsPerToken: Int? {
    guard vocab != nil else { return nil }
    return linearLayers.filter { !$0.isTernary }.reduce(0) { $0 + $1.weightsPerToken }
  }
}
