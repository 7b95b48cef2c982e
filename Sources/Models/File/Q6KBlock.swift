/// llama.cpp's Q6_K: 256 weights in 210 bytes, six bits each, 16 scales and one float16.
///
/// Four bits of a weight come first, two follow in `high`; sixteen weights share a scale.
enum Q6KBlock {
  static let elements = 256
  static let bytes = 210
  /// Where each part begins.
  static let (high, scales, factor) = (128, 192, 208)

  /// The floats of whole blocks.
  static func floats(_ blocks: [UInt8]) -> [Float] {
    let count = blocks.count / bytes
    return [Float](unsafeUninitializedCapacity: count * elements) { values, initialized in
      for b in 0..<count {
        let start = b * bytes
        let d = HalfPrecision.float(
          half: UInt16(blocks[start + factor]) | UInt16(blocks[start + factor + 1]) << 8)
        for half in 0..<2 {
          for quarter in 0..<4 {
            for l in 0..<32 {
              let byte = blocks[start + half * 64 + (quarter & 1) * 32 + l]
              let low = quarter < 2 ? byte & 15 : byte >> 4
              let top = blocks[start + high + half * 32 + l] >> UInt8(2 * quarter) & 3
              let code = Int(low | top << 4) - 32
              let scale = Int8(
                bitPattern: blocks[start + scales + half * 8 + quarter * 2 + l / 16])
              // The order of llama.cpp's dequantisation: d · scale first.
              values[b * elements + half * 128 + quarter * 32 + l] =
                d * Float(scale) * Float(code)
            }
          }
        }
      }
      initialized = count * elements
    }
  }
}
