/// A metadata value of a GGUF file; the file's integer and float types of all widths are one case each.
public enum GGUFValue: Sendable, Equatable {
  case integer(Int)
  case number(Double)
  case flag(Bool)
  case text(String)
  case integers([Int])
  case numbers([Double])
  case flags([Bool])
  case texts([String])

  /// What the value is, for an error.
  var kind: String {
    switch self {
    case .integer: "an integer"
    case .number: "a number"
    case .flag: "true or false"
    case .text: "text"
    case .integers: "a list of integers"
    case .numbers: "a list of numbers"
    case .flags: "a list of true and false"
    case .texts: "a list of texts"
    }
  }
}

/// The type of a metadata value in the file.
enum GGUFValueType: UInt32 {
  case uint8 = 0
  case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// The fewest bytes that a value takes.
  var leastBytes: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }
}
