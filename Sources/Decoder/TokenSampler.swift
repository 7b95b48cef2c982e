internal import MPGEMM

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Chooses the next token from logits: the likeliest, or at random from the likelier ones.
public struct TokenSampler: Sendable {
  /// 0: the likeliest token, always.
  public var temperature: Double
  /// Only so many of the likeliest tokens; nil: all.
  public var topK: Int?
  /// Only the likeliest tokens that together have this probability; 1: all.
  public var topP: Double

  private var random: SplitMix64

  public init(temperature: Double = 0, topK: Int? = nil, topP: Double = 1, seed: UInt64 = 1) {
    precondition(temperature >= 0 && topP > 0 && topP <= 1 && (topK ?? 1) >= 1)
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    random = SplitMix64(seed: seed)
  }

  /// Chooses the next token; of equal logits the first is taken as the likelier.
  public mutating func next(_ logits: [Float]) -> Int {
    precondition(!logits.isEmpty)
    guard temperature > 0 else { return Self.likeliest(logits) }
    let order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
    let kept = order.prefix(topK ?? order.count)
    let largest = Double(logits[order[0]])
    var weights = kept.map { exp((Double(logits[$0]) - largest) / temperature) }
    let total = weights.reduce(0, +)
    var sum = 0.0
    if let last = weights.firstIndex(where: {
      sum += $0
      return sum >= topP * total
    }) {
      weights.removeLast(weights.count - 1 - last)
    }
    var left = random.unit() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      left -= weight
      if left < 0 { return kept[kept.startIndex + index] }
    }
    return kept[kept.startIndex + weights.count - 1]
  }

  /// The token of the largest logit, the first of equal ones.
  public static func likeliest(_ logits: [Float]) -> Int {
    var best = 0
    for (token, logit) in logits.enumerated() where logit > logits[best] { best = token }
    return best
  }
}
