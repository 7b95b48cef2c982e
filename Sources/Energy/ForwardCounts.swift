public import Models

/// What the papers count in one forward pass of a sequence, as exact integers.
///
/// Counted: the linear layers of the transformer blocks; QKᵀ and PV over the full square of tokens
/// for every query head, without a saving for causality or shared keys; a multiplication by a scale
/// for each input and output of a linear layer. Left out: embedding, lm_head, norms, rotary
/// embedding, softmax, activation function, quantization, and all movement of data.
public struct ForwardCounts: Sendable, Equatable {
  public let tokens: Int
  /// The weights of the linear layers of all transformer blocks.
  public let linearWeights: Int
  /// Multiply-accumulates of the linear layers: every token meets every weight.
  public let linearMACs: Int
  /// Multiply-accumulates of attention.
  public let attentionMACs: Int
  /// Multiplications by a scale, in the schemes that have scales.
  public let scaleMultiplies: Int

  /// Counts one forward pass of so many tokens, at least one.
  public init(_ model: ModelShape, tokens: Int) throws(EnergyError) {
    precondition(tokens >= 1, "a forward pass has a token")
    let hidden = model.hidden
    let query = model.heads * model.headDim
    let keyValue = model.kvHeads * model.headDim
    let upward = model.gated ? 2 : 1  // up, and gate

    // No overflow: a model's widths are at most 2²⁰ and its layers 10⁴, so this is below 2⁶³.
    linearWeights =
      model.layers
      * (2 * hidden * query + 2 * hidden * keyValue + (upward + 1) * hidden * model.ffn)
    let ends =
      model.layers
      * (2 * (hidden + query) + 2 * (hidden + keyValue) + (upward + 1) * (hidden + model.ffn))
    let attentionWidth = 2 * model.layers * query

    guard let linear = product(linearWeights, tokens), let scales = product(ends, tokens),
      let square = product(tokens, tokens), let attention = product(attentionWidth, square)
    else { throw .tooManyOperations(model: model.slug, tokens: tokens) }
    self.tokens = tokens
    linearMACs = linear
    scaleMultiplies = scales
    attentionMACs = attention
  }
}

/// The product, where it fits.
private func product(_ a: Int, _ b: Int) -> Int? {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? nil : product
}
