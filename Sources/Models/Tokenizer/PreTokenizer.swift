/// How a text is cut into the pieces within which byte pairs are merged.
///
/// Each is the regular expression that the model was trained with, written out by hand: the expressions
/// need Unicode categories and a look ahead, and are the slow part of tokenizing.
public enum PreTokenizer: String, Sendable, CaseIterable {
  /// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  case gpt2 = "gpt-2"
  /// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|
  /// \s*[\r\n]+|\s+(?!\S)|\s+
  case llama3 = "llama-bpe"
  /// Punctuation by itself, then as gpt2, then digits in threes.
  case falcon
  /// Falcon's own file: as falcon, but before threes are counted, digits part from what is none.
  case falconDigits = "falcon-digits"

  /// The value of `tokenizer.ggml.pre`, of which several mean the same.
  init?(name: String) {
    switch name {
    case "gpt-2", "gpt2", "default": self = .gpt2
    case "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1": self = .llama3
    case "falcon": self = .falcon
    case "falcon-digits": self = .falconDigits
    default: return nil
    }
  }

  /// Whether a piece that is a token by itself is taken before anything is merged, where a file does not say.
  var takesWholePieces: Bool { self == .llama3 }

  /// The pieces of a text, which together are the text.
  func pieces(of text: String) -> [String.UnicodeScalarView.SubSequence] {
    let scalars = text.unicodeScalars
    let classified = ClassifiedText(scalars)
    let ends =
      switch self {
      case .gpt2: classified.cut(0..<classified.count, by: ClassifiedText.gpt2End)
      case .llama3: classified.cut(0..<classified.count, by: ClassifiedText.llama3End)
      case .falcon: classified.falconEnds(inThrees: true)
      case .falconDigits: classified.falconEnds(inThrees: false)
      }
    var pieces: [String.UnicodeScalarView.SubSequence] = []
    pieces.reserveCapacity(ends.count)
    var (start, position) = (scalars.startIndex, 0)
    for end in ends {
      let next = scalars.index(start, offsetBy: end - position)
      pieces.append(scalars[start..<next])
      (start, position) = (next, end)
    }
    return pieces
  }
}

extension PreTokenizer {
  /// The parts of a piece that are merged each for itself: with most ways of cutting, the whole.
  ///
  /// The last two steps of Falcon's file see letters that stand for bytes. Six of them are numbers
  /// to Unicode (², ³, ¹, ¼, ½ and ¾), so that it cuts within letters whose UTF-8 has such a byte.
  func parts(of piece: [UInt8]) -> [[UInt8]] {
    guard self == .falconDigits else { return [piece] }
    var parts: [[UInt8]] = []
    for run in Self.runs(of: piece, by: Self.isNumber) {
      // Of a run of numbers, each three decimal digits in a row, and what lies between those.
      var rest: [UInt8] = []
      var position = run.startIndex
      while position < run.endIndex {
        let three = run[position...].prefix(3)
        if three.count == 3, three.allSatisfy(Self.isDecimal) {
          if !rest.isEmpty { parts.append(rest) }
          parts.append(Array(three))
          (rest, position) = ([], position + 3)
        } else {
          rest.append(run[position])
          position += 1
        }
      }
      if !rest.isEmpty { parts.append(rest) }
    }
    return parts
  }

  private static func isDecimal(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func isNumber(_ byte: UInt8) -> Bool {
    isDecimal(byte) || [0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE].contains(byte)
  }

  /// Neighbours of which the same is true.
  private static func runs(of bytes: [UInt8], by holds: (UInt8) -> Bool) -> [ArraySlice<UInt8>] {
    var runs: [ArraySlice<UInt8>] = []
    var start = bytes.startIndex
    for index in bytes.indices where index > start && holds(bytes[index]) != holds(bytes[start]) {
      runs.append(bytes[start..<index])
      start = index
    }
    if start < bytes.endIndex { runs.append(bytes[start...]) }
    return runs
  }
}

/// A text's scalars with what the expressions ask of each.
struct ClassifiedText {
  enum Class {
    case letter, number, space, other
  }

  private let scalars: [Unicode.Scalar]
  private let classes: [Class]
  var count: Int { scalars.count }

  init(_ text: String.UnicodeScalarView) {
    scalars = Array(text)
    classes = scalars.map(Self.classify)
  }

  private static func classify(_ scalar: Unicode.Scalar) -> Class {
    if scalar.isASCII {
      switch scalar {
      case "a"..."z", "A"..."Z": return .letter
      case "0"..."9": return .number
      case " ", "\t"..."\r": return .space
      default: return .other
      }
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return .letter
    case .decimalNumber, .letterNumber, .otherNumber:
      return .number
    default:
      return scalar.properties.isWhitespace ? .space : .other
    }
  }

  /// The ends of the pieces of a range, by a rule that finds where the piece at a position ends.
  func cut(_ range: Range<Int>, by end: (ClassifiedText) -> (_ begin: Int, _ limit: Int) -> Int)
    -> [Int]
  {
    let end = end(self)
    var ends: [Int] = []
    var position = range.lowerBound
    while position < range.upperBound {
      position = end(position, range.upperBound)
      ends.append(position)
    }
    return ends
  }

  /// The first position from `begin` whose scalar is not of the class.
  private func endOfRun(_ kind: Class, from begin: Int, _ limit: Int) -> Int {
    var end = begin
    while end < limit, classes[end] == kind { end += 1 }
    return end
  }

  private func isNewline(_ position: Int) -> Bool {
    scalars[position] == "\n" || scalars[position] == "\r"
  }

  /// The end of 's, 't, 're, 've, 'm, 'll or 'd at a position; nil if none is there.
  private func endOfContraction(_ begin: Int, _ limit: Int, ignoringCase: Bool) -> Int? {
    guard scalars[begin] == "'" else { return nil }
    func letter(_ offset: Int) -> Unicode.Scalar? {
      guard begin + offset < limit else { return nil }
      let scalar = scalars[begin + offset]
      guard ignoringCase else { return scalar }
      if scalar == "\u{17F}" { return "s" }  // the long s is an s without its case
      return ("A"..."Z").contains(scalar) ? Unicode.Scalar(scalar.value | 0x20) : scalar
    }
    switch (letter(1), letter(2)) {
    case ("s", _), ("t", _), ("m", _), ("d", _): return begin + 2
    case ("r", "e"), ("v", "e"), ("l", "l"): return begin + 3
    default: return nil
    }
  }

  /// \s+(?!\S)|\s+ : white space leaves its last scalar to what follows, if it has two.
  private func endOfSpace(_ begin: Int, _ limit: Int) -> Int {
    let end = endOfRun(.space, from: begin, limit)
    return end < limit && end - begin > 1 ? end - 1 : end
  }

  func gpt2End(_ begin: Int, _ limit: Int) -> Int {
    if let end = endOfContraction(begin, limit, ignoringCase: false) { return end }
    let hasSpace = scalars[begin] == " " && begin + 1 < limit && classes[begin + 1] != .space
    let first = hasSpace ? begin + 1 : begin
    let kind = classes[first]
    return kind == .space ? endOfSpace(begin, limit) : endOfRun(kind, from: first, limit)
  }

  func llama3End(_ begin: Int, _ limit: Int) -> Int {
    if let end = endOfContraction(begin, limit, ignoringCase: true) { return end }
    let kind = classes[begin]
    if kind == .letter { return endOfRun(.letter, from: begin, limit) }
    if kind != .number, !isNewline(begin), begin + 1 < limit, classes[begin + 1] == .letter {
      return endOfRun(.letter, from: begin + 1, limit)
    }
    if kind == .number { return min(endOfRun(.number, from: begin, limit), begin + 3) }
    let hasSpace = scalars[begin] == " " && begin + 1 < limit && classes[begin + 1] == .other
    if kind == .other || hasSpace {
      var end = endOfRun(.other, from: begin + (hasSpace ? 1 : 0), limit)
      while end < limit, isNewline(end) { end += 1 }
      return end
    }
    let end = endOfRun(.space, from: begin, limit)
    if let newline = (begin..<end).last(where: isNewline) { return newline + 1 }
    return endOfSpace(begin, limit)
  }

  /// Three expressions, or without the last two, each within the pieces of the one before.
  func falconEnds(inThrees: Bool) -> [Int] {
    var ends: [Int] = []
    var begin = 0
    for outer in cut(0..<count, by: Self.punctuationEnd) {
      var inner = begin
      for end in cut(begin..<outer, by: Self.gpt2End) {
        ends += inThrees ? cut(inner..<end, by: Self.threeDigitsEnd) : [end]
        inner = end
      }
      begin = outer
    }
    return ends
  }

  /// [\p{P}\$\+<=>\^~\|`]+ or all that is before the next.
  private func punctuationEnd(_ begin: Int, _ limit: Int) -> Int {
    let isPunctuation = isFalconPunctuation(begin)
    var end = begin + 1
    while end < limit, isFalconPunctuation(end) == isPunctuation { end += 1 }
    return end
  }

  private func isFalconPunctuation(_ position: Int) -> Bool {
    let scalar = scalars[position]
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return true
    default:
      return "$+<=>^~|`".unicodeScalars.contains(scalar)
    }
  }

  /// [0-9][0-9][0-9] or all that is before the next.
  private func threeDigitsEnd(_ begin: Int, _ limit: Int) -> Int {
    func isMatch(_ position: Int) -> Bool {
      position + 3 <= limit
        && scalars[position..<position + 3].allSatisfy { ("0"..."9").contains($0) }
    }
    if isMatch(begin) { return begin + 3 }
    return (begin + 1..<limit).first(where: isMatch) ?? limit
  }
}
