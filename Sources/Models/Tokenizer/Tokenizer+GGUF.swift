extension Tokenizer {
  /// Reads the tokenizer of a GGUF file; nil if it has none.
  ///
  /// The file must not name more tokens than `vocabulary`, which the model has.
  ///
  /// - Throws: `ModelFileError` if it is no byte-level byte-pair encoding, or makes no sense.
  public init?(_ file: GGUFFile, vocabulary: Int) throws(ModelFileError) {
    guard let model = try file.text("tokenizer.ggml.model") else { return nil }
    guard model == "gpt2" else {
      throw file.failure(
        key: "tokenizer.ggml.model",
        "is \(String(reflecting: model)), and only gpt2, byte-level byte pairs, is known")
    }
    let name = try file.text("tokenizer.ggml.pre") ?? "default"
    guard let preTokenizer = PreTokenizer(name: name) else {
      throw file.failure(
        key: "tokenizer.ggml.pre",
        "is \(String(reflecting: name)), and known are "
          + PreTokenizer.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard let tokens = try file.texts("tokenizer.ggml.tokens"),
      let merges = try file.texts("tokenizer.ggml.merges")
    else {
      throw file.failure(key: "tokenizer.ggml.tokens", "or its merges are missing")
    }
    guard tokens.count <= vocabulary else {
      throw file.failure(
        key: "tokenizer.ggml.tokens",
        "has \(tokens.count) tokens, and the model's vocabulary is \(vocabulary)")
    }
    var kinds = [Definition.Kind](repeating: .text, count: tokens.count)
    if let types = try file.integers("tokenizer.ggml.token_type") {
      guard types.count == tokens.count else {
        throw file.failure(
          key: "tokenizer.ggml.token_type", "has \(types.count) types of \(tokens.count) tokens")
      }
      kinds = types.map(Self.kind)
    }
    let end = try file.integer("tokenizer.ggml.eos_token_id")
    let endOfTurn = try file.integer("tokenizer.ggml.eot_token_id")
    let begin = try file.integer("tokenizer.ggml.bos_token_id")
    do {
      try self.init(
        Definition(
          tokens: tokens, kinds: kinds, merges: merges, preTokenizer: preTokenizer, begin: begin,
          ends: Set([end, endOfTurn].compactMap { $0 }),
          addsBegin: try file.flag("tokenizer.ggml.add_bos_token") ?? false))
    } catch let error as ModelFileError {
      throw error
    } catch let problem as Problem {
      throw ModelFileError(
        path: file.path, part: "tokenizer: \(problem.part)", reason: problem.reason)
    } catch {
      throw ModelFileError(path: file.path, part: "tokenizer", reason: "\(error)")
    }
  }

  /// llama.cpp's types: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
  private static func kind(_ type: Int) -> Definition.Kind {
    switch type {
    case 1, 6: .text
    case 4: .added
    default: .control
    }
  }
}

extension GGUFWriter {
  /// Adds a tokenizer, as llama.cpp names its parts.
  ///
  /// What llama.cpp does not know is written as what it takes for the same: Falcon's cutting without
  /// its step for digits.
  package mutating func set(_ definition: Tokenizer.Definition) {
    set("tokenizer.ggml.model", .text("gpt2"))
    let pre = definition.preTokenizer == .falconDigits ? .falcon : definition.preTokenizer
    set("tokenizer.ggml.pre", .text(pre.rawValue))
    set("tokenizer.ggml.tokens", .texts(definition.tokens))
    let types = definition.kinds.map { kind in
      switch kind {
      case .text: 1
      case .control: 3
      case .added: 4
      }
    }
    set("tokenizer.ggml.token_type", .integers(types))
    set("tokenizer.ggml.merges", .texts(definition.merges))
    if let begin = definition.begin { set("tokenizer.ggml.bos_token_id", .integer(begin)) }
    // A file has place for two.
    for (key, token) in zip(["eos_token_id", "eot_token_id"], definition.ends.sorted()) {
      set("tokenizer.ggml.\(key)", .integer(token))
    }
    set("tokenizer.ggml.add_bos_token", .flag(definition.addsBegin))
  }
}
