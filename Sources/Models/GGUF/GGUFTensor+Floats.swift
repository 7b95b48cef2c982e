extension GGUFTensor {
  /// The elements as floats of the file's width; Q6_K becomes float32.
  ///
  /// - Throws: `ModelFileError` if the type is ternary, or a value is infinite or not a number.
  public func floats() throws(ModelFileError) -> FloatValues {
    let values: FloatValues
    switch type {
    case .f32:
      values = .f32(elements(of: UInt32.self).map { Float(bitPattern: $0) })
    case .f16:
      values = .f16(elements(of: UInt16.self))
    case .bf16:
      values = .bf16(elements(of: UInt16.self))
    case .q6K:
      values = .f32(q6KFloats())
    case .tq1, .tq2, .i2s:
      throw failure("is \(type.name), and float values are needed here")
    }
    if let index = values.firstNonFinite {
      throw failure("holds a value at \(index) that is infinite or not a number")
    }
    return values
  }

  /// The elements as little-endian integers.
  private func elements<Value: FixedWidthInteger>(of _: Value.Type) -> [Value] {
    withBytes { bytes in
      let values = [Value](unsafeUninitializedCapacity: elementCount) { target, initialized in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
        initialized = elementCount
      }
      #if _endian(big)
      return values.map { Value(littleEndian: $0) }
      #else
      return values
      #endif
    }
  }

  /// llama.cpp's Q6_K: 256 weights in 210 bytes, six bits each, 16 scales and one float16.
  ///
  /// Four bits of a weight are in `low`, two in `high`; sixteen weights share a scale.
  private func q6KFloats() -> [Float] {
    let (block, blockBytes) = (256, 210)
    let (high, scales, factor) = (128, 192, 208)  // where each part begins; the low bits are first
    return withBytes { bytes in
      [Float](unsafeUninitializedCapacity: elementCount) { values, initialized in
        for b in 0..<elementCount / block {
          let start = b * blockBytes
          let d = HalfPrecision.float(
            half: UInt16(bytes[start + factor]) | UInt16(bytes[start + factor + 1]) << 8)
          for half in 0..<2 {
            for quarter in 0..<4 {
              for l in 0..<32 {
                let byte = bytes[start + half * 64 + (quarter & 1) * 32 + l]
                let low = quarter < 2 ? byte & 15 : byte >> 4
                let top = bytes[start + high + half * 32 + l] >> UInt8(2 * quarter) & 3
                let code = Int(low | top << 4) - 32
                let scale = Int8(
                  bitPattern: bytes[start + scales + half * 8 + quarter * 2 + l / 16])
                // The order of llama.cpp's dequantisation: d · scale first.
                values[b * block + half * 128 + quarter * 32 + l] = d * Float(scale) * Float(code)
              }
            }
          }
        }
        initialized = elementCount
      }
    }
  }
}
