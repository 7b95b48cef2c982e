public import Models

/// The modelled arithmetic energy of one forward pass: the papers' rule for one model, scheme and node.
///
/// It is no measurement, and no energy of a machine: docs/energy.md says what it cannot know.
public struct ForwardEnergy: Sendable, Equatable {
  /// Joules of additions and of multiplications.
  public struct Joules: Sendable, Equatable {
    public let add, multiply: Double

    public var total: Double { add + multiply }

    init(_ count: Int, _ each: Scheme.Picojoules) {
      add = Double(count) * each.add * 1e-12
      multiply = Double(count) * each.multiply * 1e-12
    }
  }

  /// The model's slug.
  public let model: String
  public let scheme: Scheme
  public let node: NodeEnergies
  /// Whose operation energies these are.
  public let origin: String
  public let counts: ForwardCounts
  /// Multiplications by a scale that this scheme executes; 0 in floating point.
  public let scaleMultiplies: Int
  /// Linear additions left out because their weight is zero.
  public let skippedAdds: Int
  /// The model's share of zero weights, where they are skipped.
  public let skippedPercent: Double?

  public let linear, attention, scales: Joules

  /// Models one forward pass of so many tokens, at least one.
  ///
  /// Skipping zeros, which only ternary weights have, leaves out their additions. They are `zero_percent` of
  /// the model's linear weights, to the nearest weight, each met once by each token.
  ///
  /// - Throws: `EnergyError`, for an unknown node, an unknown share of zeros or too many tokens.
  public init(
    _ model: ModelShape, tokens: Int, scheme: Scheme, node name: String,
    energies: OperationEnergies = .builtIn, skippingZeros: Bool = false
  ) throws(EnergyError) {
    precondition(scheme == .ternary || !skippingZeros, "only ternary weights are zero")
    let node = try energies.node(name)
    let counts = try ForwardCounts(model, tokens: tokens)
    if skippingZeros {
      guard let percent = model.zeroPercent else { throw .unknownZeros(model: model.slug) }
      let zeros = Int((Double(counts.linearWeights) * percent / 100).rounded())
      // At most all weights, whose product with the tokens was found to fit.
      skippedAdds = min(zeros, counts.linearWeights) * tokens
      skippedPercent = percent
    } else {
      skippedAdds = 0
      skippedPercent = nil
    }

    self.model = model.slug
    self.scheme = scheme
    self.node = node
    self.origin = energies.origin
    self.counts = counts
    scaleMultiplies = scheme.hasScales ? counts.scaleMultiplies : 0
    linear = Joules(counts.linearMACs - skippedAdds, scheme.linear(at: node))
    attention = Joules(counts.attentionMACs, scheme.attention(at: node))
    scales = Joules(
      scaleMultiplies, Scheme.Picojoules(add: 0, multiply: node.multiply.fp16.picojoules))
  }

  public var addJoules: Double { linear.add + attention.add }
  public var multiplyJoules: Double { linear.multiply + attention.multiply + scales.multiply }
  public var totalJoules: Double { addJoules + multiplyJoules }
  public var joulesPerToken: Double { totalJoules / Double(counts.tokens) }
  /// Attention's part of the total, from 0 to 1; 0 where operations are given no energy at all.
  public var attentionShare: Double { totalJoules > 0 ? attention.total / totalJoules : 0 }
  /// The bytes of the linear weights, embeddings left out as in the papers.
  public var memoryBytes: Int { scheme.memoryBytes(weights: counts.linearWeights) }

  /// What stands beside every figure: modelled, of what, and from whose operation energies.
  public var source: String {
    "modelled: arithmetic of one forward pass, no memory traffic; \(origin) operation energies"
  }
}
