/// Little-endian bytes of a GGUF file, one value after another.
struct ByteBuilder {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  mutating func append(text: String) {
    append(UInt64(text.utf8.count))
    bytes += Array(text.utf8)
  }

  mutating func pad(to alignment: Int) {
    while !bytes.count.isMultiple(of: alignment) { bytes.append(0) }
  }
}

extension ByteBuilder {
  /// A value with its type in front.
  mutating func append(value: GGUFValue) {
    switch value {
    case .integer(let value):
      appendType(of: [value])
      append(value, as: Self.type(of: [value]))
    case .number(let value):
      append(GGUFValueType.float32.rawValue)
      append(Float(value).bitPattern)
    case .flag(let value):
      append(GGUFValueType.bool.rawValue)
      append(UInt8(value ? 1 : 0))
    case .text(let value):
      append(GGUFValueType.string.rawValue)
      append(text: value)
    case .integers(let values):
      appendList(of: values.count, Self.type(of: values).rawValue)
      for value in values { append(value, as: Self.type(of: values)) }
    case .numbers(let values):
      appendList(of: values.count, GGUFValueType.float32.rawValue)
      for value in values { append(Float(value).bitPattern) }
    case .flags(let values):
      appendList(of: values.count, GGUFValueType.bool.rawValue)
      for value in values { append(UInt8(value ? 1 : 0)) }
    case .texts(let values):
      appendList(of: values.count, GGUFValueType.string.rawValue)
      for value in values { append(text: value) }
    }
  }

  /// Of an integer llama.cpp expects 32 bits without a sign where they hold it, of a list 32 with one.
  private static func type(of values: [Int]) -> GGUFValueType {
    if values.count == 1, UInt32(exactly: values[0]) != nil { return .uint32 }
    return values.allSatisfy { Int32(exactly: $0) != nil } ? .int32 : .int64
  }

  private mutating func appendType(of values: [Int]) {
    append(Self.type(of: values).rawValue)
  }

  private mutating func append(_ value: Int, as type: GGUFValueType) {
    if type == .int64 {
      append(Int64(value))
    } else {
      append(UInt32(truncatingIfNeeded: value))
    }
  }

  private mutating func appendList(of count: Int, _ type: UInt32) {
    append(GGUFValueType.array.rawValue)
    append(type)
    append(UInt64(count))
  }
}

extension ByteBuilder {
  /// A tensor's data.
  mutating func append(_ content: GGUFWriter.Content, type: TensorType) {
    switch content {
    case .floats(let values): append(values, as: type)
    case .ternary(let weights, let stored):
      precondition(stored == type, "content of another type")
      append(weights, as: type)
    }
  }

  private mutating func append(_ values: FloatValues, as type: TensorType) {
    switch (type, values) {
    case (.f16, .f16(let bits)), (.bf16, .bf16(let bits)):
      for value in bits { append(value) }
    case (.q6K, .q6k(let blocks)): bytes += blocks
    case (.f32, _): for value in values.floats { append(value.bitPattern) }
    case (.f16, _): for value in values.floats { append(HalfPrecision.half(value)) }
    case (.bf16, _): for value in values.floats { append(HalfPrecision.brain(value)) }
    default: preconditionFailure("floats are stored as F32, F16 or BF16")
    }
  }

  private mutating func append(_ weights: TernaryWeights, as type: TensorType) {
    switch type {
    case .i2s:
      precondition(weights.scales.count == 1, "I2_S has one scale")
      appendI2S(weights.values)
      append(weights.scales[0].bitPattern)
      bytes += [UInt8](repeating: 0, count: type.trailingBytes - 4)
    case .tq1, .tq2:
      for row in 0..<weights.outFeatures {
        let scale = weights.scales[weights.scales.count == 1 ? 0 : row]
        for b in stride(from: 0, to: weights.inFeatures, by: 256) {
          let first = row * weights.inFeatures + b
          let block = weights.values[first..<first + 256]
          if type == .tq1 { appendTQ1(block) } else { appendTQ2(block) }
          append(HalfPrecision.half(block.contains { $0 != 0 } ? scale : 0))
        }
      }
    default: preconditionFailure("ternary weights are stored as I2_S, TQ1_0 or TQ2_0")
    }
  }

  /// Blocks of 128, as bitnet.cpp packs on x86.
  private mutating func appendI2S(_ values: [Int8]) {
    for block in stride(from: 0, to: values.count, by: 128) {
      for j in block..<block + 32 {
        let codes = (0..<4).map { UInt8(values[j + 32 * $0] + 1) }
        bytes.append(codes[0] << 6 | codes[1] << 4 | codes[2] << 2 | codes[3])
      }
    }
  }

  /// 32 and 16 bytes of five ternary digits, then four of four digits, each with the first topmost.
  private mutating func appendTQ1(_ values: ArraySlice<Int8>) {
    var part = values.startIndex
    for (count, digits) in [(32, 5), (16, 5), (4, 4)] {
      for j in part..<part + count {
        let number = (0..<5).reduce(0) { number, digit in
          3 * number + (digit < digits ? Int(values[j + digit * count]) + 1 : 0)
        }
        // As a fraction of 256, rounded up: the first digit is the carry of three times it.
        bytes.append(UInt8((number * 256 + 242) / 243))
      }
      part += count * digits
    }
  }

  private mutating func appendTQ2(_ values: ArraySlice<Int8>) {
    for half in [values.startIndex, values.startIndex + 128] {
      for j in half..<half + 32 {
        let codes = (0..<4).map { UInt8(values[j + 32 * $0] + 1) }
        bytes.append(codes[0] | codes[1] << 2 | codes[2] << 4 | codes[3] << 6)
      }
    }
  }
}
