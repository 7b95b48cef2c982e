/// A matrix of weights in {−1, 0, +1} with what to multiply them by: what a linear layer is made from.
public struct TernaryWeights: Sendable, Equatable {
  /// M.
  public let outFeatures: Int
  /// K.
  public let inFeatures: Int
  /// Row after row.
  public internal(set) var values: [Int8]
  /// One scale for the tensor, or one a row.
  public internal(set) var scales: [Float]

  /// Makes weights of given values.
  public init(outFeatures: Int, inFeatures: Int, values: [Int8], scales: [Float]) {
    precondition(values.count == outFeatures * inFeatures, "one value a weight")
    precondition(scales.count == 1 || scales.count == outFeatures, "one scale, or one a row")
    self.outFeatures = outFeatures
    self.inFeatures = inFeatures
    self.values = values
    self.scales = scales
  }

  /// Quantizes floats: those that are already −s, 0 and s keep that scale, others take the absmean.
  ///
  /// The absmean of BitNet b1.58 (arXiv 2402.17764, Hugging Face `WeightQuant`): s = mean|w|, at least
  /// 1e-5, and w / s rounded, ties to even, and cut to −1 … 1.
  public init(quantizing floats: [Float], outFeatures: Int, inFeatures: Int) {
    let largest = floats.reduce(0) { max($0, abs($1)) }
    if floats.allSatisfy({ $0 == 0 || abs($0) == largest }) {
      self.init(
        outFeatures: outFeatures, inFeatures: inFeatures,
        values: floats.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, scales: [largest])
      return
    }
    let mean = floats.reduce(into: 0.0) { $0 += Double(abs($1)) } / Double(floats.count)
    let factor = 1 / max(Float(mean), 1e-5)
    self.init(
      outFeatures: outFeatures, inFeatures: inFeatures,
      values: floats.map { Int8(max(-1, min(1, ($0 * factor).rounded(.toNearestOrEven)))) },
      scales: [1 / factor])
  }

  /// Puts the rows of each head in the order of rotary halves, from that of neighbouring pairs.
  ///
  /// llama.cpp stores q and k of `llama` models so that a head's rows 2 i and 2 i + 1 rotate together.
  package mutating func unpairRows(heads: Int) {
    reorderRows(heads: heads) { half, i, part in (to: part * half + i, from: 2 * i + part) }
  }

  /// The inverse of `unpairRows`.
  package mutating func pairRows(heads: Int) {
    reorderRows(heads: heads) { half, i, part in (to: 2 * i + part, from: part * half + i) }
  }

  private mutating func reorderRows(
    heads: Int, _ move: (_ half: Int, _ i: Int, _ part: Int) -> (to: Int, from: Int)
  ) {
    let half = outFeatures / heads / 2
    let (source, sourceScales) = (values, scales)
    for head in 0..<heads {
      for i in 0..<half {
        for part in 0..<2 {
          let rows = move(half, i, part)
          let (to, from) = (head * 2 * half + rows.to, head * 2 * half + rows.from)
          values.replaceSubrange(
            to * inFeatures..<(to + 1) * inFeatures,
            with: source[from * inFeatures..<(from + 1) * inFeatures])
          if scales.count > 1 { scales[to] = sourceScales[from] }
        }
      }
    }
  }

  /// Multiplies the scales.
  package mutating func scale(by factor: Float) {
    scales = scales.map { $0 * factor }
  }
}
