/// The shape of one mpGEMM: M output features, N tokens, K input features.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
  /// M: weight rows.
  public var outFeatures: Int
  /// N.
  public var tokens: Int
  /// K: weight columns.
  public var inFeatures: Int

  public init(outFeatures: Int, tokens: Int, inFeatures: Int) {
    precondition(
      outFeatures >= 1 && tokens >= 1 && inFeatures >= 1, "every dimension of a shape is at least 1"
    )
    self.outFeatures = outFeatures
    self.tokens = tokens
    self.inFeatures = inFeatures
  }

  /// Parses `MxNxK`, for example `6912x1x2560`; nil unless each is a whole number from 1 to 2³¹ − 1.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let m = parts[0], let n = parts[1], let k = parts[2] else {
      return nil
    }
    let legal = 1...Int(Int32.max)
    guard legal.contains(m), legal.contains(n), legal.contains(k) else { return nil }
    self.init(outFeatures: m, tokens: n, inFeatures: k)
  }

  /// `MxNxK`.
  public var description: String { "\(outFeatures)x\(tokens)x\(inFeatures)" }

  /// M · N · K.
  public var multiplyAdds: Int { outFeatures * tokens * inFeatures }
}
