/// Float weights in the width that a file keeps them in.
public enum FloatValues: Sendable, Equatable {
  case f32([Float])
  /// IEEE binary16, as bits.
  case f16([UInt16])
  /// The upper half of a float32, as bits.
  case bf16([UInt16])
  /// Whole blocks of llama.cpp's Q6_K, as bytes.
  case q6k([UInt8])

  public var count: Int {
    switch self {
    case .f32(let values): values.count
    case .f16(let values), .bf16(let values): values.count
    case .q6k(let blocks): blocks.count / Q6KBlock.bytes * Q6KBlock.elements
    }
  }

  /// The values as float32, exactly.
  public var floats: [Float] {
    switch self {
    case .f32(let values): values
    case .f16(let values): values.map { HalfPrecision.float(half: $0) }
    case .bf16(let values): values.map { HalfPrecision.float(brain: $0) }
    case .q6k(let blocks): Q6KBlock.floats(blocks)
    }
  }

  /// The position of the first value that is infinite or not a number; nil if none is.
  var firstNonFinite: Int? {
    // All exponent bits set. The whole is looked at without a branch, so that compilers vectorise.
    switch self {
    case .f32(let values):
      let finite = values.reduce(true) { $0 && $1.bitPattern & 0x7F80_0000 != 0x7F80_0000 }
      return finite ? nil : values.firstIndex { !$0.isFinite }
    case .f16(let values):
      return values.firstIndex { $0 & 0x7C00 == 0x7C00 }
    case .bf16(let values):
      return values.firstIndex { $0 & 0x7F80 == 0x7F80 }
    case .q6k(let blocks):
      // A block's half may be anything; times two bytes it stays far below the largest float.
      let halves = stride(from: Q6KBlock.factor + 1, to: blocks.count, by: Q6KBlock.bytes)
      return halves.first { blocks[$0] & 0x7C == 0x7C }.map {
        $0 / Q6KBlock.bytes * Q6KBlock.elements
      }
    }
  }
}
