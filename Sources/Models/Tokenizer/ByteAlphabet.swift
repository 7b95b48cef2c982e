/// GPT-2's printable letter for each byte, in which byte-level vocabularies are written.
///
/// Printable Latin-1 bytes stand for themselves, and the other 68 for U+0100 and those behind it, in order.
enum ByteAlphabet {
  /// The letter of each byte.
  static let letters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      let isItself = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
      defer { if !isItself { next += 1 } }
      // 0x100 + 67 and every byte are scalars.
      return Unicode.Scalar(isItself ? UInt32(byte) : next) ?? " "
    }
  }()

  private static let byteOfLetter = Dictionary(
    uniqueKeysWithValues: letters.enumerated().map { ($1, UInt8($0)) })

  /// The bytes that letters stand for; nil if one is no letter of the alphabet.
  static func bytes(of text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard let byte = byteOfLetter[scalar] else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}
