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
    if !type.isTernary {
      return TernaryWeights(
        quantizing: try floats().floats, outFeatures: outFeatures, inFeatures: inFeatures)
    }
    let scales = try ternaryScales(i2sBlock: i2sBlock)
    return TernaryWeights(
      outFeatures: outFeatures, inFeatures: inFeatures,
      values: type == .i2s ? i2sValues(block: i2sBlock.rawValue) : tqValues(), scales: scales)
  }

  /// Checks a ternary matrix where it lies, and gives its scales: one, or one a row.
  ///
  /// What passes is a matrix whatever then reads its bytes: no code is 3, every scale is a number, and
  /// the blocks of a row have one scale.
  ///
  /// - Throws: `ModelFileError` if the bytes are no ternary weights.
  package func ternaryScales(i2sBlock: I2SBlock = .x86) throws(ModelFileError) -> [Float] {
    precondition(type.isTernary && dimensions.count == 2, "no ternary matrix")
    return type == .i2s ? [try i2sScale(block: i2sBlock.rawValue)] : try tqScales()
  }

  /// bitnet.cpp's I2_S, one run of blocks over the whole tensor, then the scale.
  private func i2sScale(block: Int) throws(ModelFileError) -> Float {
    let count = elementCount
    guard count.isMultiple(of: block) else {
      throw failure("is I2_S of \(count) weights, which is no multiple of its block of \(block)")
    }
    let (scale, illegal) = withBytes { bytes in
      (
        Float(
          bitPattern: UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: count / 4, as: UInt32.self))),
        Self.illegalBits(bytes, count: count / 4)
      )
    }
    guard scale.isFinite, scale >= 0 else { throw failure("has the scale \(scale)") }
    guard illegal == 0 else {
      throw failure("holds code 3, which is no ternary weight")
    }
    return scale
  }

  /// Both bits of a code set, which is 3, in any of the first bytes; 0 where there is none.
  private static func illegalBits(_ bytes: UnsafeRawBufferPointer, count: Int) -> UInt8 {
    var illegal: UInt8 = 0
    for index in 0..<count { illegal |= bytes[index] & bytes[index] >> 1 & 0x55 }
    return illegal
  }

  /// Byte j of a block's n / 4 holds codes j, j + n / 4, j + n / 2, j + 3 n / 4, the first topmost.
  private func i2sValues(block: Int) -> [Int8] {
    let count = elementCount
    let quarter = block / 4
    return withBytes { bytes in
      [Int8](unsafeUninitializedCapacity: count) { values, initialized in
        for b in 0..<count / block {
          for j in 0..<quarter {
            let byte = bytes[b * quarter + j]
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
  }

  /// Calls `body` with each block of llama.cpp's TQ1_0 and TQ2_0: rows of blocks of 256, a float16 scale last.
  ///
  /// A block whose scale is 0 is a block of zeros, whatever its codes.
  private func eachTQBlock(
    _ body: (_ block: Int, _ bytes: UnsafeRawBufferPointer, _ scale: Float) -> Void
  ) {
    withBytes { all in
      for block in 0..<elementCount / type.blockElements {
        let start = block * type.blockBytes
        let bytes = UnsafeRawBufferPointer(rebasing: all[start..<start + type.blockBytes])
        let (low, high) = (bytes[type.blockBytes - 2], bytes[type.blockBytes - 1])
        body(block, bytes, HalfPrecision.float(half: UInt16(low) | UInt16(high) << 8))
      }
    }
  }

  private func tqScales() throws(ModelFileError) -> [Float] {
    let (blocks, outFeatures) = (dimensions[0] / type.blockElements, dimensions[1])
    var scales = [Float](repeating: 0, count: outFeatures)
    var problem: String?
    eachTQBlock { block, bytes, scale in
      let row = block / blocks
      if problem != nil || scale == 0 { return }
      if !scale.isFinite {
        problem = "has a scale in row \(row) that is infinite or not a number"
      } else if scales[row] != 0 && scales[row] != scale {
        problem =
          "has blocks of different scales in row \(row): it was not made from ternary weights"
      } else if type == .tq2, Self.illegalBits(bytes, count: type.blockBytes - 2) != 0 {
        problem = "holds code 3 in row \(row), which is no ternary weight"
      }
      scales[row] = scale
    }
    if let problem { throw failure(problem) }
    let nonzero = Set(scales.filter { $0 != 0 })
    return nonzero.count <= 1 ? [nonzero.first ?? 0] : scales
  }

  private func tqValues() -> [Int8] {
    let digits = type == .tq1 ? Self.tq1Digits : Self.tq2Digits
    var values = [Int8](repeating: 0, count: elementCount)
    eachTQBlock { block, bytes, scale in
      guard scale != 0 else { return }
      for j in 0..<type.blockElements {
        let (byte, digit) = digits[j]
        values[block * type.blockElements + j] = Self.weight(bytes[byte], digit: digit, type: type)
      }
    }
    return values
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
