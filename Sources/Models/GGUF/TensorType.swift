/// How a GGUF tensor's elements are stored; the raw value is ggml's number.
public enum TensorType: UInt32, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q6K = 14
  case bf16 = 30
  case tq1 = 34
  case tq2 = 35
  /// bitnet.cpp's two-bit weights with one scale behind the tensor. Not a type of llama.cpp.
  case i2s = 36

  /// The name that llama.cpp and bitnet.cpp print.
  public var name: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .q6K: "Q6_K"
    case .bf16: "BF16"
    case .tq1: "TQ1_0"
    case .tq2: "TQ2_0"
    case .i2s: "I2_S"
    }
  }

  /// Whether it holds nothing but ternary weights and their scales.
  package var isTernary: Bool {
    switch self {
    case .i2s, .tq1, .tq2: true
    case .f32, .f16, .bf16, .q6K: false
    }
  }

  /// Consecutive elements of a row that are stored together.
  var blockElements: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q6K, .tq1, .tq2: 256
    case .i2s: 4  // of the whole tensor, whose blocks may straddle rows
    }
  }

  /// The bytes of a block.
  var blockBytes: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q6K: 210
    case .tq1: 54
    case .tq2: 66
    case .i2s: 1
    }
  }

  /// Bytes behind the blocks: I2_S ends in its scale and padding.
  package var trailingBytes: Int { self == .i2s ? 32 : 0 }
}
