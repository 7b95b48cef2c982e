internal import CKernels

/// llama.cpp's blocks of 256 weights in 210 bytes (`MPGEMM_HEAD_Q6K`).
enum Q6K {
  static let block = 256
  static let blockBytes = 210
  private static let group = 16
  private static let (high, scales, factor) = (128, 192, 208)

  /// Stores whole blocks of floats, rounded.
  ///
  /// Sixteen weights share a scale, which makes their largest magnitude −32, the end of six bits that
  /// reaches further; the scales of a block are rounded to int8 in their turn. llama.cpp tries more
  /// scales for a smaller error, and writes other bytes.
  static func bytes(quantizing floats: ArraySlice<Float>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(floats.count / block * blockBytes)
    for begin in stride(from: floats.startIndex, to: floats.endIndex, by: block) {
      bytes += oneBlock(floats[begin..<begin + block])
    }
    return bytes
  }

  private static func oneBlock(_ floats: ArraySlice<Float>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: blockBytes)
    let first = floats.startIndex
    let groupScales = stride(from: 0, to: block, by: group).map { begin in
      let values = floats[first + begin..<first + begin + group]
      let largest = values.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
      return largest / -32
    }
    let largest = groupScales.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
    let d = half(largest / -128)
    bytes[factor] = UInt8(truncatingIfNeeded: d)
    bytes[factor + 1] = UInt8(truncatingIfNeeded: d >> 8)
    let unit = HeadMatrix.float(half: d)
    for g in groupScales.indices {
      let scale =
        unit == 0 ? 0 : max(-128, min(127, (groupScales[g] / unit).rounded(.toNearestOrEven)))
      bytes[scales + g] = UInt8(bitPattern: Int8(scale))
      let step = unit * scale
      for l in 0..<group {
        let j = g * group + l
        let code =
          step == 0 ? 0 : max(-32, min(31, (floats[first + j] / step).rounded(.toNearestOrEven)))
        let bits = UInt8(Int(code) + 32)
        let (part, inner) = (j / 128, j % 128)
        bytes[part * 64 + inner % 64] |= (bits & 15) << UInt8(inner / 64 * 4)
        bytes[high + part * 32 + inner % 32] |= (bits >> 4) << UInt8(inner / 32 * 2)
      }
    }
    return bytes
  }

  /// The nearest half, at most the largest.
  private static func half(_ value: Float) -> UInt16 {
    var (value, bits) = (value, UInt16(0))
    DecoderOperations.portable.storeHalf(&value, &bits)
    return bits
  }

  /// Copies a row of blocks as floats.
  static func copy(_ row: UnsafeRawPointer, width: Int, to floats: UnsafeMutablePointer<Float>) {
    mpgemm_q6k_row(width, row, floats)
  }
}
