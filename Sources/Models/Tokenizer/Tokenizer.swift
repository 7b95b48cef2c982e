/// Byte-level byte-pair encoding, as GPT-2, Llama 3 and Falcon do it.
public struct Tokenizer: Sendable {
  /// The token that begins a text; nil if the model has none.
  public let begin: Int?
  /// The tokens that end a text.
  public let ends: Set<Int>
  /// Whether a text begins with `begin`.
  public let addsBegin: Bool
  public let preTokenizer: PreTokenizer

  /// The bytes of each token; none of one that is not text.
  private let bytes: [[UInt8]]
  private let tokenOfByte: [Int32]
  private let tokenOfBytes: [[UInt8]: Int32]
  private let pairs: BytePairs
  private let takesWholePieces: Bool

  /// What a tokenizer is made from.
  public struct Definition: Sendable {
    public enum Kind: Sendable {
      /// Letters of the byte alphabet.
      case text
      /// Plain UTF-8 that training added.
      case added
      /// Not text: it begins or ends one, or is never produced.
      case control
    }

    public var tokens: [String]
    public var kinds: [Kind]
    /// The pairs in the order of merging, as `left right`.
    public var merges: [String]
    public var preTokenizer: PreTokenizer
    /// Whether a piece that is a token by itself is taken before anything is merged.
    public var takesWholePieces: Bool
    public var begin: Int?
    public var ends: Set<Int>
    public var addsBegin: Bool

    public init(
      tokens: [String], kinds: [Kind], merges: [String], preTokenizer: PreTokenizer,
      takesWholePieces: Bool? = nil, begin: Int? = nil, ends: Set<Int> = [], addsBegin: Bool = false
    ) {
      self.tokens = tokens
      self.kinds = kinds
      self.merges = merges
      self.preTokenizer = preTokenizer
      self.takesWholePieces = takesWholePieces ?? preTokenizer.takesWholePieces
      self.begin = begin
      self.ends = ends
      self.addsBegin = addsBegin
    }
  }

  /// Why a definition is none.
  struct Problem: Error {
    let part: String
    let reason: String
  }

  init(_ definition: Definition) throws(Problem) {
    precondition(definition.kinds.count == definition.tokens.count, "one kind a token")
    begin = definition.begin
    ends = definition.ends
    addsBegin = definition.addsBegin
    preTokenizer = definition.preTokenizer
    takesWholePieces = definition.takesWholePieces
    for id in definition.ends.union(begin.map { [$0] } ?? [])
    where !definition.tokens.indices.contains(id) {
      throw Problem(part: "token \(id)", reason: "is beyond the vocabulary")
    }
    bytes = zip(definition.tokens, definition.kinds).map { token, kind in
      switch kind {
      case .text: ByteAlphabet.bytes(of: token) ?? Array(token.utf8)
      case .added: Array(token.utf8)
      case .control: []
      }
    }
    var tokenOfBytes: [[UInt8]: Int32] = [:]
    for (id, kind) in definition.kinds.enumerated() where kind == .text && !bytes[id].isEmpty {
      // Of two equal texts the first is what encoding gives.
      if tokenOfBytes[bytes[id]] == nil { tokenOfBytes[bytes[id]] = Int32(id) }
    }
    var tokenOfByte: [Int32] = []
    for byte in UInt8.min...UInt8.max {
      guard let token = tokenOfBytes[[byte]] else {
        throw Problem(part: "vocabulary", reason: "has no token for the byte \(byte)")
      }
      tokenOfByte.append(token)
    }
    self.tokenOfBytes = tokenOfBytes
    self.tokenOfByte = tokenOfByte
    pairs = BytePairs(try Self.merges(definition.merges, tokenOfBytes))
  }

  private static func merges(_ texts: [String], _ tokenOfBytes: [[UInt8]: Int32])
    throws(Problem) -> [BytePairs.Pair: BytePairs.Merge]
  {
    var merges: [BytePairs.Pair: BytePairs.Merge] = [:]
    merges.reserveCapacity(texts.count)
    for (rank, text) in texts.enumerated() {
      // The space of a text is a letter of the byte alphabet, so this one parts the two.
      let parts = text.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2, let left = ByteAlphabet.bytes(of: String(parts[0])),
        let right = ByteAlphabet.bytes(of: String(parts[1])), let leftToken = tokenOfBytes[left],
        let rightToken = tokenOfBytes[right], let token = tokenOfBytes[left + right]
      else {
        throw Problem(
          part: "merge \(rank)",
          reason: "\(String(reflecting: text)) is not two tokens that together are a third")
      }
      let pair = BytePairs.Pair(left: leftToken, right: rightToken)
      if merges[pair] == nil {
        merges[pair] = BytePairs.Merge(rank: Int32(rank), token: token)
      }
    }
    return merges
  }

  public var vocabularySize: Int { bytes.count }

  /// The tokens of a text.
  ///
  /// Text that looks like a control token is taken as text.
  public func encode(_ text: String, addingBegin: Bool? = nil) -> [Int] {
    var tokens: [Int] = []
    if addingBegin ?? addsBegin, let begin { tokens.append(begin) }
    for piece in preTokenizer.pieces(of: text) {
      for bytes in preTokenizer.parts(of: Array(String(piece).utf8)) {
        if takesWholePieces, let token = tokenOfBytes[bytes] {
          tokens.append(Int(token))
        } else {
          tokens += pairs.merged(bytes.map { tokenOfByte[Int($0)] }).map(Int.init)
        }
      }
    }
    return tokens
  }

  /// The bytes of a token, which need not be whole letters.
  public func bytes(of token: Int) -> [UInt8] {
    bytes.indices.contains(token) ? bytes[token] : []
  }

  /// The text of tokens; bytes that are no UTF-8 become U+FFFD.
  public func decode(_ tokens: [Int]) -> String {
    String(decoding: tokens.flatMap(bytes(of:)), as: UTF8.self)
  }
}

/// Turns tokens into text as they come, keeping back the bytes of a letter that is not whole yet.
public struct TokenStream {
  private let tokenizer: Tokenizer
  private var pending: [UInt8] = []

  public init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
  }

  /// Takes a token and returns the text that is whole now.
  public mutating func append(_ token: Int) -> String {
    pending += tokenizer.bytes(of: token)
    let whole = pending.count - Self.unfinished(pending)
    defer { pending.removeFirst(whole) }
    return String(decoding: pending[..<whole], as: UTF8.self)
  }

  /// What was kept back, as it is.
  public mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// How many bytes at the end begin a letter of more bytes than are there.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    for (count, byte) in bytes.reversed().prefix(4).enumerated() {
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return count + 1 < length ? count + 1 : 0
    }
    return 0
  }
}
