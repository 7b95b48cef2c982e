public import MPGEMM
public import Models

/// What a model takes in memory, without running it.
public struct ModelMemory: Sendable, Equatable {
  /// The linear layers' weights, packed for a kernel; 16 bits each where they are not ternary.
  public let weightBytes: Int
  /// The language model's head; nil where the vocabulary is not known.
  public let headBytes: Int?
  /// The token embedding, unless it is the head.
  public let embeddingBytes: Int?
  /// Keys and values of one position.
  public let positionBytes: Int

  /// Counts a model's bytes.
  ///
  /// - Parameters:
  ///   - shape: The model.
  ///   - kernel: What ternary weights are packed for.
  ///   - head: How head and embedding are kept.
  ///   - memory: How keys and values are remembered.
  public init(
    _ shape: ModelShape, kernel: Kernel, head: HeadMatrix.Kind, memory: KeyValueMemory.Kind
  ) {
    let blocks = shape.linearLayers.filter { $0.name != "lm_head" }
    weightBytes = blocks.reduce(0) { sum, layer in
      let bytes =
        layer.isTernary
        ? kernel.packedSize(outFeatures: layer.outFeatures, inFeatures: layer.inFeatures)
        : 2 * layer.outFeatures * layer.inFeatures
      return sum + layer.countPerToken * bytes
    }
    headBytes = shape.vocab.flatMap { vocabulary in
      guard head.takes(width: shape.hidden) else { return nil }
      return vocabulary * (head.rowBytes(width: shape.hidden) + (head == .int8 ? 4 : 0))
    }
    embeddingBytes = shape.tied ?? true ? headBytes.map { _ in 0 } : headBytes
    positionBytes = 2 * shape.layers * shape.kvHeads * memory.rowBytes(headDim: shape.headDim)
  }

  /// All bytes with keys and values of so many positions; nil where the head's are not known.
  public func totalBytes(positions: Int) -> Int? {
    guard let headBytes, let embeddingBytes else { return nil }
    return weightBytes + headBytes + embeddingBytes + positions * positionBytes
  }
}
