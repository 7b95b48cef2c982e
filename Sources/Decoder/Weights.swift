public import MPGEMM

/// All weights of a model, packed for one kernel's layout.
public struct Weights: Sendable {
  /// The token embedding: a row a token.
  public let embedding: HeadMatrix
  /// Distinct layers; a model of more layers than these uses them in rotation.
  public let layers: [Layer]
  public let outputNorm: Norm
  /// The language model's head; the embedding where they are tied.
  public let head: HeadMatrix

  /// One transformer block.
  public struct Layer: Sendable {
    public let attentionNorm: Norm
    public let q, k, v: PackedMatrix
    /// Before o; nil where the model has none.
    public let attentionSubNorm: Norm?
    public let o: PackedMatrix
    public let ffnNorm: Norm
    public let gate, up: PackedMatrix
    /// Before down; nil where the model has none.
    public let ffnSubNorm: Norm?
    public let down: PackedMatrix

    /// The ternary matrices in the order of the forward pass.
    public var matrices: [PackedMatrix] { [q, k, v, o, gate, up, down] }

    /// The same, those together that read one input.
    public var steps: [[PackedMatrix]] { [[q, k, v], [o], [gate, up], [down]] }

    public init(
      attentionNorm: Norm, q: PackedMatrix, k: PackedMatrix, v: PackedMatrix,
      attentionSubNorm: Norm?, o: PackedMatrix, ffnNorm: Norm, gate: PackedMatrix,
      up: PackedMatrix, ffnSubNorm: Norm?, down: PackedMatrix
    ) {
      self.attentionNorm = attentionNorm
      self.q = q
      self.k = k
      self.v = v
      self.attentionSubNorm = attentionSubNorm
      self.o = o
      self.ffnNorm = ffnNorm
      self.gate = gate
      self.up = up
      self.ffnSubNorm = ffnSubNorm
      self.down = down
    }
  }

  /// The weight of a root-mean-square norm.
  public struct Norm: Sendable {
    public let weight: Buffer

    public init(_ values: [Float]) {
      weight = Buffer(count: values.count * MemoryLayout<Float>.stride)
      weight.store(values)
    }
  }

  public init(embedding: HeadMatrix, layers: [Layer], outputNorm: Norm, head: HeadMatrix) {
    precondition(!layers.isEmpty, "a model has layers")
    self.embedding = embedding
    self.layers = layers
    self.outputNorm = outputNorm
    self.head = head
  }

  /// Bytes of packed ternary weights in memory.
  public var ternaryBytes: Int {
    layers.reduce(0) { $0 + $1.matrices.reduce(0) { $0 + $1.packedBytes } }
  }

  /// Bytes of the head, and of the embedding unless they are one.
  public var otherBytes: Int {
    head.byteCount + (embedding === head ? 0 : embedding.byteCount)
  }
}
