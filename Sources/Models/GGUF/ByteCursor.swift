/// Reads little-endian numbers and texts one after another, never past the end.
struct ByteCursor {
  /// What the bytes do not hold.
  struct Problem: Error {
    let reason: String
  }

  let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var left: Int { bytes.count - position }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(Problem) -> Value {
    let size = MemoryLayout<Value>.size
    guard left >= size else { throw Problem(reason: "ends within a number, at byte \(position)") }
    let value = bytes.loadUnaligned(fromByteOffset: position, as: Value.self)
    position += size
    return Value(littleEndian: value)
  }

  /// A 64-bit count of things that take at least so many bytes each.
  ///
  /// It is checked against what is left, so that nothing is allocated for a count that cannot be true.
  mutating func count(of things: String, leastBytes: Int) throws(Problem) -> Int {
    let count = try integer(UInt64.self)
    guard count <= UInt64(left / leastBytes) else {
      throw Problem(reason: "claims \(count) \(things), and has \(left) bytes left")
    }
    return Int(count)
  }

  /// A text with its length in front.
  mutating func text() throws(Problem) -> String {
    let length = try count(of: "bytes of text", leastBytes: 1)
    let text = String(
      validating: UnsafeRawBufferPointer(rebasing: bytes[position..<position + length]),
      as: UTF8.self)
    guard let text else {
      throw Problem(reason: "has text at byte \(position) that is not UTF-8")
    }
    position += length
    return text
  }
}
