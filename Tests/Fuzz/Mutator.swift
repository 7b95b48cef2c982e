/// Damages files: flips, extreme numbers, parts that move or are missing; the same for the same seed.
struct Mutator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// What a file is made of, which says where damage is of interest.
  enum Kind {
    case gguf, safetensors, json

    init(name: String) {
      self = name.hasSuffix(".json") ? .json : name.hasSuffix(".safetensors") ? .safetensors : .gguf
    }
  }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ limit: Int) -> Int {
    Int(next() % UInt64(max(limit, 1)))
  }

  mutating func choice<Element>(of list: [Element]) -> Element { list[below(list.count)] }

  /// A damaged copy: one to four changes.
  mutating func mutated(_ original: [UInt8], _ kind: Kind) -> [UInt8] {
    var bytes = original
    for _ in 0...below(3) where !bytes.isEmpty {
      switch kind {
      case .json: changeText(&bytes)
      case .gguf: changeNumbers(&bytes, ofHeader: headerEnd(bytes))
      case .safetensors:
        guard below(8) != 0, var header = header(bytes) else {
          changeNumbers(&bytes, ofHeader: 8)
          continue
        }
        // The header's length is set right, or its own checks would never be reached.
        let rest = bytes[(8 + header.count)...]
        changeText(&header)
        bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + rest
      }
    }
    return bytes
  }

  /// Where the counts, names and places of a GGUF file are thickest: its first part, or, found by the
  /// name that every model has, the descriptions of its tensors.
  private mutating func headerEnd(_ bytes: [UInt8]) -> Int {
    min(bytes.count, choice(of: [64, 512, 4096, 16384]))
  }

  private func header(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= 8 else { return nil }
    let length = (0..<8).reduce(0 as UInt64) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    guard length > 0, length <= UInt64(bytes.count - 8) else { return nil }
    return Array(bytes[8..<8 + Int(length)])
  }

  private static let extremes: [UInt64] = [
    0, 1, 2, 3, 8, 14, 30, 34, 35, 36, 255, 256, 1 << 16, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max,
    0x7FC0_0000, 0x7F80_0000, 0x7C00,
  ]

  /// One change of binary data, three times of four in its header.
  private mutating func changeNumbers(_ bytes: inout [UInt8], ofHeader end: Int) {
    let position = below(4) == 0 ? below(bytes.count) : below(min(end, bytes.count))
    switch below(6) {
    case 0: bytes[position] ^= 1 << UInt8(below(8))
    case 1: bytes[position] = UInt8(truncatingIfNeeded: next())
    case 2, 3:
      let value = choice(of: Self.extremes)
      for i in 0..<choice(of: [1, 2, 4, 8]) where position + i < bytes.count {
        bytes[position + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i))
      }
    case 4: move(&bytes, from: position)
    default: if below(4) == 0 { bytes.removeLast(below(bytes.count)) }
    }
  }

  /// Copies, or cuts out, a few bytes.
  private mutating func move(_ bytes: inout [UInt8], from position: Int) {
    let part = bytes[position..<min(position + 1 + below(40), bytes.count)]
    if below(2) == 0 { bytes.removeSubrange(part.indices) }
    bytes.insert(contentsOf: part, at: below(bytes.count))
  }

  private static let numbers = [
    "0", "-1", "1e999", "-0.0", "9223372036854775807", "9223372036854775808", "1e18", "2147483648",
    "0.5", "null", "true", "\"1\"", "[]", "{}", "[1,2]", "4294967296", "16777216", "NaN",
  ]

  /// One change of JSON: numbers and names as well as bytes.
  private mutating func changeText(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let position = below(bytes.count)
    switch below(8) {
    case 0: bytes[position] ^= 1 << UInt8(below(8))
    case 1: bytes[position] = choice(of: Array("{}[]\",:\\ 0-e".utf8))
    case 2, 3:
      guard let start = bytes[position...].firstIndex(where: { (48...57).contains($0) }) else {
        return
      }
      let end = bytes[start...].firstIndex { !(48...57).contains($0) } ?? bytes.count
      bytes.replaceSubrange(start..<end, with: Array(choice(of: Self.numbers).utf8))
    case 4:
      // One quoted text takes the place of another.
      guard let from = quoted(bytes, from: position),
        let to = quoted(bytes, from: below(bytes.count))
      else { return }
      bytes.replaceSubrange(to, with: Array(bytes[from]))
    case 5: move(&bytes, from: position)
    case 6:
      guard below(16) == 0 else { return }
      // Depth, which a parser may take by recursion.
      let depth = choice(of: [10, 600, 20_000])
      let bracket = choice(of: [UInt8(ascii: "["), UInt8(ascii: "{")])
      bytes.insert(contentsOf: [UInt8](repeating: bracket, count: depth), at: position)
    default: if below(4) == 0 { bytes.removeLast(below(bytes.count)) }
    }
  }

  private func quoted(_ bytes: [UInt8], from position: Int) -> Range<Int>? {
    let quote = UInt8(ascii: "\"")
    guard let start = bytes[position...].firstIndex(of: quote),
      let end = bytes[(start + 1)...].firstIndex(of: quote)
    else { return nil }
    return start..<end + 1
  }
}
