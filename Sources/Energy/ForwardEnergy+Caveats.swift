import Foundation

extension ForwardEnergy {
  /// What a reader must know before quoting the figure, one sentence each, with the figure's own numbers.
  public var caveats: [String] {
    [size, zeros, adder].compactMap { $0 } + [Self.limits]
  }

  /// The caveats of several figures: each once, and what holds for all of them last.
  public static func caveats(_ figures: [ForwardEnergy]) -> [String] {
    var all: [String] = []
    for caveat in figures.flatMap(\.caveats) where caveat != limits && !all.contains(caveat) {
      all.append(caveat)
    }
    return all + [limits]
  }

  /// What no figure of the papers' rule holds.
  public static let limits =
    "It is modelled arithmetic: no memory traffic, instruction overhead or leakage is in it, and no "
    + "embedding, lm_head, softmax, norm, activation function or quantization. It is not the energy that "
    + "a machine takes and never stands for a measured one."

  private var subject: String { "\(model), \(scheme.rawValue), \(node.name): " }

  private var size: String {
    let tokens = counts.tokens
    let total = "\(subject)\(Self.short(totalJoules)) J is one forward pass of "
    let whole =
      tokens == 1
      ? "a single token"
      : "all \(tokens) tokens and not a token, whose share is "
        + "\(Self.short(joulesPerToken * 1e6)) µJ of arithmetic"
    guard totalJoules > 0 else { return total + whole + "." }
    func percent(_ part: Joules) -> String { Self.short(100 * part.total / totalJoules) + " %" }
    let type = scheme == .fp32 ? "FP32" : "FP16"
    let scaling = scheme.hasScales ? ", \(percent(scales)) multiplications by scales" : ""
    return total + whole + "; \(percent(attention)) is \(type) attention, over the full square of "
      + "tokens for every query head, \(percent(linear)) linear layers\(scaling)."
  }

  private var zeros: String? {
    guard scheme == .ternary else { return nil }
    guard let skippedPercent else {
      return "\(subject)zero weights count as additions, as in the papers."
    }
    return
      "\(subject)the additions of zero weights, \(skippedPercent) % of the linear ones, are left "
      + "out; the papers count them."
  }

  private var adder: String? {
    guard scheme == .ternary else { return nil }
    let adds = node.add
    let mac = Scheme.fp16.linear(at: node).sum
    guard adds.int8.picojoules > 0, adds.int32.picojoules > 0 else { return nil }
    return "At \(node.name) an FP16 multiply-accumulate takes "
      + "\(Self.short(mac / adds.int8.picojoules)) times the energy of a ternary one if sums are 8 bits "
      + "wide, as the papers assume; kernels sum in 16 or 32 bits, and against an INT32 addition it "
      + "is \(Self.short(mac / adds.int32.picojoules)) times."
  }

  /// Three significant digits, or all before the point.
  private static func short(_ value: Double) -> String {
    String(format: value < 1000 ? "%.3g" : "%.0f", value)
  }
}
