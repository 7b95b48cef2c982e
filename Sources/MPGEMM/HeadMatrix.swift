/// A matrix that is not ternary: the token embedding and the language model's head, one row a token.
public final class HeadMatrix: Sendable {
  /// How a row is stored.
  public enum Kind: String, Sendable, CaseIterable {
    case f32, f16, bf16
    /// Codes from −127 to 127 with a scale a row, which is the row's largest magnitude over 127.
    case int8
    /// llama.cpp's blocks of 256 weights of six bits, with a scale for each 16.
    case q6k = "q6_k"

    /// The bytes of one element; nil where only blocks have whole bytes.
    var elementBytes: Int? {
      switch self {
      case .f32: 4
      case .f16, .bf16: 2
      case .int8: 1
      case .q6k: nil
      }
    }

    /// Whether rows of so many elements can be stored so.
    public func takes(width: Int) -> Bool { self != .q6k || width.isMultiple(of: Q6K.block) }

    /// The bytes of a row, without a scale of its own.
    public func rowBytes(width: Int) -> Int {
      elementBytes.map { DecoderOperations.padded(width) * $0 }
        ?? width / Q6K.block * Q6K.blockBytes
    }
  }

  public let kind: Kind
  public let rows: Int
  /// K.
  public let width: Int
  let storage: Buffer
  let scales: Buffer?

  /// Floats from one row to the next.
  private var stride: Int { DecoderOperations.padded(width) }

  /// The bytes that multiplying by the whole matrix reads.
  public var byteCount: Int { storage.count + (scales?.count ?? 0) }

  /// Makes a matrix of zeros, to be filled row by row.
  public init(_ kind: Kind, rows: Int, width: Int) {
    precondition(rows >= 1 && width >= 1 && kind.takes(width: width))
    self.kind = kind
    self.rows = rows
    self.width = width
    let size = rows * kind.rowBytes(width: width)
    storage = Buffer(count: size, placement: .forWeights(size))
    scales = kind == .int8 ? Buffer(count: rows * MemoryLayout<Float>.stride) : nil
  }

  /// Stores rows as they are: f32 as floats, f16 and bf16 as their bits.
  public func store<Element: BitwiseCopyable>(row: Int, _ values: ArraySlice<Element>) {
    precondition((0..<rows).contains(row) && values.count == width)
    precondition(MemoryLayout<Element>.size == kind.elementBytes, "elements of another size")
    storage.store(Array(values), at: row * stride)
  }

  /// Stores a row's blocks of Q6_K as they are.
  public func store(row: Int, blocks: ArraySlice<UInt8>) {
    precondition(kind == .q6k && (0..<rows).contains(row))
    precondition(blocks.count == kind.rowBytes(width: width), "blocks of another row")
    storage.store(Array(blocks), at: row * blocks.count)
  }

  /// Stores one row of an int8 or Q6_K matrix, quantized to the row's, or its parts', own scale.
  public func quantize(row: Int, _ values: ArraySlice<Float>) {
    precondition((0..<rows).contains(row) && values.count == width)
    guard kind == .int8 else { return store(row: row, blocks: Q6K.bytes(quantizing: values)[...]) }
    let largest = values.reduce(0) { max($0, abs($1)) }
    let scale = largest / 127
    let codes = values.map { value in
      Int8(scale == 0 ? 0 : max(-127, min(127, (value / scale).rounded(.toNearestOrEven))))
    }
    storage.store(codes, at: row * stride)
    scales?.store([scale], at: row)
  }

  /// Copies one row, as floats, to a token's place.
  public func copy(row: Int, to values: Buffer, token: Int) {
    precondition((0..<rows).contains(row), "no such row")
    let output = values.floats(token..<token + 1, width)
    let first = row * stride
    switch kind {
    case .f32:
      let bits = storage.address.assumingMemoryBound(to: Float.self) + first
      for j in 0..<width { output[j] = bits[j] }
    case .f16:
      let bits = storage.address.assumingMemoryBound(to: UInt16.self) + first
      for j in 0..<width { output[j] = Self.float(half: bits[j]) }
    case .bf16:
      let bits = storage.address.assumingMemoryBound(to: UInt16.self) + first
      for j in 0..<width { output[j] = Float(bitPattern: UInt32(bits[j]) << 16) }
    case .int8:
      let codes = storage.address.assumingMemoryBound(to: Int8.self) + first
      let scale = scales?.floats(row..<row + 1, 1).pointee ?? 1
      for j in 0..<width { output[j] = Float(codes[j]) * scale }
    case .q6k:
      Q6K.copy(
        storage.address + row * kind.rowBytes(width: width), width: width, to: output)
    }
  }

  /// Multiplying by 2¹¹² moves a half's exponent to a float's, and mends subnormal halves.
  static func float(half bits: UInt16) -> Float {
    let magnitude = Float(bitPattern: UInt32(bits & 0x7FFF) << 13) * 0x1p112
    return Float(bitPattern: magnitude.bitPattern | UInt32(bits & 0x8000) << 16)
  }
}
