/// How many weights an I2_S block holds, which the file does not say: bitnet.cpp packs blocks of 128
/// on x86 and of 64 on ARM.
public enum I2SBlock: Int, Sendable, CaseIterable {
  case x86 = 128
  case arm = 64
}

extension GGUFTensor {
  /// The matrix as ternary weights.
  ///
  /// Float matrices are quantized. TQ blocks have a scale each, and those of a row must agree, as they
  /// do where ternary weights were stored.
  ///
  /// - Throws: `ModelFileError` if the bytes are no ternary weights.
  public func ternaryWeights(i2sBlock: I2SBlock = .x86) throws(ModelFileError) -> TernaryWeights {
    guard dimensions.count == 2 else {
      throw failure("has the shape \(dimensions), and a matrix is needed here")
    }
    let (inFeatures, outFeatures) = (dimensions[0], dimensions[1])
    switch type {
    case .f32, .f16, .bf16, .q6K:
      return TernaryWeights(
        quantizing: try floats().floats, outFeatures: outFeatures, inFeatures: inFeatures)
    case .i2s:
      let (values, scale) = try i2sWeights(block: i2sBlock.rawValue)
      return TernaryWeights(
        outFeatures: outFeatures, inFeatures: inFeatures, values: values, scales: [scale])
    case .tq1, .tq2:
      return try tqWeights(outFeatures: outFeatures, inFeatures: inFeatures)
    }
  }

  /// bitnet.cpp's I2_S, one run of blocks over the whole tensor, then the scale.
  ///
  /// Byte j of a block's n / 4 holds codes j, j + n / 4, j + n / 2, j + 3 n / 4, the first topmost.
  private func i2sWeights(block: Int) throws(ModelFileError) -> ([Int8], Float) {
    let count = elementCount
    guard count.isMultiple(of: block) else {
      throw failure("is I2_S of \(count) weights, which is no multiple of its block of \(block)")
    }
    let scale = withBytes {
      Float(
        bitPattern: UInt32(
          littleEndian: $0.loadUnaligned(fromByteOffset: count / 4, as: UInt32.self)))
    }
    guard scale.isFinite, scale >= 0 else { throw failure("has the scale \(scale)") }
    let quarter = block / 4
    var illegal: UInt8 = 0
    let values = withBytes { bytes in
      [Int8](unsafeUninitializedCapacity: count) { values, initialized in
        for b in 0..<count / block {
          for j in 0..<quarter {
            let byte = bytes[b * quarter + j]
            illegal |= byte & byte >> 1 & 0x55  // both bits of a code: 3
            let first = b * block + j
            values[first] = Int8(byte >> 6) - 1
            values[first + quarter] = Int8(byte >> 4 & 3) - 1
            values[first + 2 * quarter] = Int8(byte >> 2 & 3) - 1
            values[first + 3 * quarter] = Int8(byte & 3) - 1
          }
        }
        initialized = count
      }
    }
    guard illegal == 0 else {
      throw failure("holds code 3, which is no ternary weight")
    }
    return (values, scale)
  }

  /// llama.cpp's TQ1_0 and TQ2_0: rows of blocks of 256 with a float16 scale each.
  private func tqWeights(outFeatures: Int, inFeatures: Int) throws(ModelFileError)
    -> TernaryWeights
  {
    let blocks = inFeatures / 256
    let digits = type == .tq1 ? Self.tq1Digits : Self.tq2Digits
    var values = [Int8](repeating: 0, count: outFeatures * inFeatures)
    var scales = [Float](repeating: 0, count: outFeatures)
    var problem: String?
    withBytes { bytes in
      for row in 0..<outFeatures {
        for b in 0..<blocks {
          let start = (row * blocks + b) * type.blockBytes
          let last = start + type.blockBytes - 2
          let scale = HalfPrecision.float(
            half: UInt16(bytes[last]) | UInt16(bytes[last + 1]) << 8)
          guard scale.isFinite else {
            problem = "has a scale in row \(row) that is infinite or not a number"
            return
          }
          guard scale != 0 else { continue }  // a block of zeros
          guard scales[row] == 0 || scales[row] == scale else {
            problem =
              "has blocks of different scales in row \(row): it was not made from ternary weights"
            return
          }
          scales[row] = scale
          let first = row * inFeatures + b * 256
          for j in 0..<256 {
            let (byte, digit) = digits[j]
            let value = Self.weight(bytes[start + byte], digit: digit, type: type)
            guard value <= 1 else {
              problem = "holds code 3 in row \(row), which is no ternary weight"
              return
            }
            values[first + j] = value
          }
        }
      }
    }
    if let problem { throw failure(problem) }
    let nonzero = Set(scales.filter { $0 != 0 })
    if nonzero.count <= 1 { scales = [nonzero.first ?? 0] }
    return TernaryWeights(
      outFeatures: outFeatures, inFeatures: inFeatures, values: values, scales: scales)
  }

  /// One weight of a byte.
  private static func weight(_ byte: UInt8, digit: Int, type: TensorType) -> Int8 {
    switch type {
    case .tq1:
      // The byte is a fraction of 256; its first ternary digit is the carry of multiplying it by 3.
      let fraction = UInt8(truncatingIfNeeded: Int(byte) * powersOf3[digit])
      return Int8((Int(fraction) * 3) >> 8) - 1
    default:
      return Int8(byte >> UInt8(2 * digit) & 3) - 1
    }
  }

  private static let powersOf3 = [1, 3, 9, 27, 81]

  /// The byte of weight j of a TQ1_0 block, and which of its digits.
  private static let tq1Digits: [(byte: Int, digit: Int)] = (0..<256).map { j in
    switch j {
    case ..<160: (j % 32, j / 32)
    case ..<240: (32 + (j - 160) % 16, (j - 160) / 16)
    default: (48 + (j - 240) % 4, (j - 240) / 4)
    }
  }

  /// The byte of weight j of a TQ2_0 block, and which of its pairs of bits.
  private static let tq2Digits: [(byte: Int, digit: Int)] = (0..<256).map { j in
    (j / 128 * 32 + j % 32, j % 128 / 32)
  }
}
