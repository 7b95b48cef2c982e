internal import Foundation

extension Tokenizer.Definition {
  /// Reads a folder's tokenizer.json; nil if there is none.
  ///
  /// The tokens that end a text are those of config.json and generation_config.json, and what
  /// begins one is what the file's template puts in front.
  ///
  /// - Parameters:
  ///   - folder: The model's.
  ///   - vocabulary: How many tokens the model has; the file must not name more.
  /// - Throws: `ModelFileError` if it is no byte-level byte-pair encoding, or makes no sense.
  package init?(_ folder: HuggingFaceFolder, vocabulary: Int) throws(ModelFileError) {
    let path = "\(folder.path)/\(HuggingFaceFolder.tokenizerName)"
    guard access(path, F_OK) == 0 else { return nil }
    let file = try HuggingFaceFolder.decode(TokenizerFile.self, at: path)
    do {
      try self.init(file, vocabulary: vocabulary)
    } catch {
      throw ModelFileError(path: path, part: error.part, reason: error.reason)
    }
    ends = Set(folder.configuration.ends?.ids ?? [])
    let generation = "\(folder.path)/generation_config.json"
    if access(generation, F_OK) == 0 {
      ends.formUnion(
        try HuggingFaceFolder.decode(GenerationConfiguration.self, at: generation).ends?.ids ?? [])
    }
    if begin == nil { begin = folder.configuration.begin }
  }

  private struct GenerationConfiguration: Decodable {
    let ends: HuggingFaceConfiguration.OneOrMore?

    enum CodingKeys: String, CodingKey {
      case ends = "eos_token_id"
    }
  }

  private init(_ file: TokenizerFile, vocabulary: Int) throws(Tokenizer.Problem) {
    try Self.check(file)
    let (tokens, kinds) = try Self.tokens(file, vocabulary: vocabulary)
    self.init(
      tokens: tokens, kinds: kinds, merges: file.model.merges.map(\.text),
      preTokenizer: try PreTokenizer(file.preTokenizer?.flat ?? []),
      takesWholePieces: file.model.ignoreMerges ?? false)
    let template = file.postProcessor?.flat.first { $0.type == "TemplateProcessing" }
    if let name = template?.single?.first?.special?.id {
      guard let token = tokens.firstIndex(of: name) else {
        throw Tokenizer.Problem(
          part: "post_processor",
          reason: "begins with \(String(reflecting: name)), which is no token")
      }
      (begin, addsBegin) = (token, true)
    }
  }

  /// Refuses what changes tokens and is not built.
  private static func check(_ file: TokenizerFile) throws(Tokenizer.Problem) {
    let model = file.model
    guard model.type ?? "BPE" == "BPE", model.byteFallback != true,
      (model.continuingSubwordPrefix ?? "").isEmpty, (model.endOfWordSuffix ?? "").isEmpty
    else {
      throw Tokenizer.Problem(
        part: "model", reason: "is \(model.type ?? "BPE"), and only byte-level byte pairs are known"
      )
    }
    guard (model.dropout ?? 0) == 0 else {
      throw Tokenizer.Problem(part: "model", reason: "drops merges at random")
    }
    if let step = file.normalizer?.flat.first {
      throw Tokenizer.Problem(
        part: "normalizer", reason: "is \(step.type), and only a text as it is is known")
    }
  }

  /// The texts of all tokens by number; a number that nothing has is a control token of no text.
  private static func tokens(_ file: TokenizerFile, vocabulary: Int) throws(Tokenizer.Problem)
    -> ([String], [Kind])
  {
    let count = max(
      file.model.vocab.values.max() ?? -1, file.addedTokens?.map(\.id).max() ?? -1)
    guard count < vocabulary else {
      throw Tokenizer.Problem(
        part: "model", reason: "has the token \(count), and the model's vocabulary is \(vocabulary)"
      )
    }
    var tokens = [String](repeating: "", count: count + 1)
    var kinds = [Kind](repeating: .control, count: count + 1)
    var isTaken = [Bool](repeating: false, count: count + 1)
    for (text, id) in file.model.vocab {
      guard id >= 0, !isTaken[id] else {
        throw Tokenizer.Problem(
          part: "token \(id)", reason: id < 0 ? "is below 0" : "is two texts of the vocabulary")
      }
      (tokens[id], kinds[id], isTaken[id]) = (text, .text, true)
    }
    for token in file.addedTokens ?? [] {
      // An added token may stand in the vocabulary too.
      guard token.id >= 0, !isTaken[token.id] || tokens[token.id] == token.content else {
        throw Tokenizer.Problem(
          part: "token \(token.id)",
          reason: token.id < 0 ? "is below 0" : "is two texts, one of them added")
      }
      (tokens[token.id], isTaken[token.id]) = (token.content, true)
      kinds[token.id] = token.special == true ? .control : .added
    }
    return (tokens, kinds)
  }
}

extension Tokenizer {
  /// Reads a folder's tokenizer.json; nil if there is none.
  ///
  /// - Throws: `ModelFileError` if it is no byte-level byte-pair encoding, or makes no sense.
  public init?(_ folder: HuggingFaceFolder, vocabulary: Int) throws(ModelFileError) {
    guard let definition = try Definition(folder, vocabulary: vocabulary) else { return nil }
    do {
      try self.init(definition)
    } catch {
      throw ModelFileError(
        path: "\(folder.path)/\(HuggingFaceFolder.tokenizerName)", part: error.part,
        reason: error.reason)
    }
  }
}
