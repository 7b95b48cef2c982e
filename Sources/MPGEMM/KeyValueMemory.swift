/// The keys and values that a decoder remembers: rows of one head at one position each.
public final class KeyValueMemory: Sendable {
  /// How keys and values are remembered.
  public enum Kind: String, Sendable, CaseIterable {
    case f16, f32
    /// Codes from −127 to 127 with a scale a row, which is the row's largest magnitude over 127.
    case int8

    var elementBytes: Int {
      switch self {
      case .f16: 2
      case .f32: 4
      case .int8: 1
      }
    }

    /// The bytes of one head's key, or value, at one position.
    public func rowBytes(headDim: Int) -> Int {
      DecoderOperations.padded(headDim) * elementBytes + (self == .int8 ? 4 : 0)
    }
  }

  public let kind: Kind
  public let rows: Int
  public let headDim: Int
  let elements: Buffer
  /// Of int8, a float a row.
  let scales: Buffer?

  /// Makes rows of zeros.
  public init(_ kind: Kind, rows: Int, headDim: Int) {
    self.kind = kind
    self.rows = rows
    self.headDim = headDim
    func buffer(_ count: Int) -> Buffer { Buffer(count: count, placement: .forWeights(count)) }
    elements = buffer(rows * DecoderOperations.padded(headDim) * kind.elementBytes)
    scales = kind == .int8 ? buffer(rows * MemoryLayout<Float>.stride) : nil
  }

  public var byteCount: Int { elements.count + (scales?.count ?? 0) }

  /// Where a row begins.
  func address(of row: Int) -> UnsafeMutableRawPointer {
    elements.address + row * DecoderOperations.padded(headDim) * kind.elementBytes
  }

  /// The scale of a row; nil where rows have none.
  func scale(of row: Int) -> UnsafeMutablePointer<Float>? {
    scales.map { $0.address.assumingMemoryBound(to: Float.self) + row }
  }
}
