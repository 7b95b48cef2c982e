/// The largest values that are a model and not a slip of the keyboard: well above today's largest.
private enum Limit {
  static let width = 1...1_048_576
  static let layers = 1...10_000
  static let heads = 1...65_536
  static let vocab = 1...16_777_216
  static let context = 1...1_073_741_824
  static let ropeTheta = 1.0...1e12
  static let rmsEps = 1e-30...1.0
  static let percent = 0.0...100.0
}

extension ModelShape {
  /// Builds a shape from its fields, each checked alone and against the others.
  init(fields: ModelFields) throws(FieldProblem) {
    slug = try fields.required(.slug, fields.text(.slug))
    name = try fields.required(.name, fields.text(.name))
    family = try fields.required(.family, fields.text(.family))

    hidden = try fields.required(.hidden, fields.integer(.hidden, in: Limit.width))
    ffn = try fields.required(.ffn, fields.integer(.ffn, in: Limit.width))
    layers = try fields.required(.layers, fields.integer(.layers, in: Limit.layers))
    heads = try fields.required(.heads, fields.integer(.heads, in: Limit.heads))
    kvHeads = try fields.required(.kvHeads, fields.integer(.kvHeads, in: Limit.heads))
    headDim = try Self.headDim(fields, hidden: hidden, heads: heads)
    vocab = try fields.integer(.vocab, in: Limit.vocab)
    tied = try fields.flag(.tied)

    activation = try fields.choice(.activation, of: Activation.self)
    gated = try fields.required(.gated, fields.flag(.gated))
    norm = try fields.choice(.norm, of: Normalization.self)
    ropeTheta = try fields.number(.ropeTheta, in: Limit.ropeTheta)
    rmsEps = try fields.number(.rmsEps, in: Limit.rmsEps)
    maxContext = try fields.integer(.maxContext, in: Limit.context)

    weights = try fields.required(.weights, fields.choice(.weights, of: WeightKind.self))
    zeroPercent = try fields.number(.zeroPercent, in: Limit.percent)
    source = try fields.required(.source, fields.text(.source))
    confidence = try fields.text(.confidence)

    guard heads.isMultiple(of: kvHeads) else {
      throw FieldProblem(
        key: CodingKeys.kvHeads.rawValue,
        reason: "is \(kvHeads), which does not divide the \(heads) heads",
        remedy: "each key/value head must serve the same number of heads")
    }
    guard weights == .ternary || zeroPercent == nil else {
      throw FieldProblem(
        key: CodingKeys.zeroPercent.rawValue,
        reason: "is given for weights that are not ternary",
        remedy: "remove it, or set weights to \"\(WeightKind.ternary.rawValue)\"")
    }
  }

  private static func headDim(
    _ fields: ModelFields, hidden: Int, heads: Int
  ) throws(FieldProblem) -> Int {
    let key = CodingKeys.headDim.rawValue
    guard let given = try fields.integer(.headDim, in: Limit.width) else {
      guard hidden.isMultiple(of: heads) else {
        throw FieldProblem(
          key: key,
          reason: "is missing, and hidden (\(hidden)) is not a multiple of heads (\(heads))",
          remedy: "add it")
      }
      return hidden / heads
    }
    guard Limit.width.contains(heads * given) else {
      throw FieldProblem(
        key: key, reason: "is \(given), which makes heads * head_dim \(heads * given)",
        remedy: "the product must be at most \(Limit.width.upperBound)")
    }
    return given
  }
}
