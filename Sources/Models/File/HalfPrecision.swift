/// Conversions of the two 16-bit float formats; Swift's own Float16 is missing on some platforms.
package enum HalfPrecision {
  /// The exact value of an IEEE binary16.
  package static func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF)
    if magnitude < 0x0400 {  // a multiple of 2⁻²⁴
      return Float(bitPattern: (Float(magnitude) * 0x1p-24).bitPattern | sign)
    }
    if magnitude >= 0x7C00 { return Float(bitPattern: 0x7F80_0000 | magnitude << 13 | sign) }
    return Float(bitPattern: (magnitude << 13) &+ (112 << 23) | sign)
  }

  /// The nearest binary16, ties to even.
  package static func half(_ value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }  // 65520, halfway to 2¹⁶
    if magnitude < 0x3880_0000 {  // below 2⁻¹⁴ adding 0.5 rounds to a multiple of 2⁻²⁴
      let sum = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: sum.bitPattern &- 0x3F00_0000)
    }
    let rounded = magnitude &- (112 << 23) &+ 0x0FFF &+ (magnitude >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: rounded >> 13)
  }

  /// The exact value of a bfloat16.
  package static func float(brain bits: UInt16) -> Float {
    Float(bitPattern: UInt32(bits) << 16)
  }

  /// The nearest bfloat16, ties to even.
  package static func brain(_ value: Float) -> UInt16 {
    if value.isNaN { return UInt16(value.bitPattern >> 16) | 0x0040 }
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}
