import Foundation
import Testing

@testable import Models

/// A folder's tokenizer.json beside the package that wrote it, PyPI's `tokenizers` 0.22.2.
@Suite struct TokenizerFileTests {
  static let fixtures = TokenizerTests.fixtures.appending(path: "tokenizers")

  static let configuration = """
    {"model_type": "llama", "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
     "num_attention_heads": 1, "vocab_size": 800, "eos_token_id": [701, 3]}
    """

  /// A tokenizer of a folder with this file and an empty file of weights.
  static func tokenizer(_ file: some StringProtocol, vocabulary: Int = 800) throws -> Tokenizer? {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "ternbench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let empty = Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8))
    try empty.write(to: folder.appending(path: "model.safetensors"))
    try Data(configuration.utf8).write(to: folder.appending(path: "config.json"))
    try Data(file.utf8).write(to: folder.appending(path: "tokenizer.json"))
    return try Tokenizer(HuggingFaceFolder(path: folder.path), vocabulary: vocabulary)
  }

  static func text(_ name: String) throws -> String {
    try String(
      contentsOf: fixtures.appending(path: "\(name)/tokenizer.json"), encoding: .utf8)
  }

  @Test(arguments: TokenizerTests.names)
  func encodesAsTheReferenceDoes(name: String) throws {
    let golden = try #require(TokenizerTests.golden.tokenizers.first { $0.pre == name })
    let tokenizer = try #require(try Self.tokenizer(Self.text(name)))
    #expect(tokenizer.preTokenizer.rawValue == name)
    for (text, ids) in zip(TokenizerTests.golden.texts, golden.ids) {
      let encoded = tokenizer.encode(text, addingBegin: false)
      guard encoded == ids else {
        Issue.record("\(name) \(String(reflecting: text)): \(encoded), and the reference \(ids)")
        return
      }
    }
    let framed = TokenizerTests.golden.framed
    #expect(tokenizer.encode(framed) == golden.framed)
    #expect(tokenizer.decode(golden.framed) == framed)
  }

  @Test func addedTokensAreReadAndControlTokensAreNoText() throws {
    let tokenizer = try #require(try Self.tokenizer(Self.text("llama-bpe")))
    #expect(tokenizer.vocabularySize == 703)
    #expect(tokenizer.begin == 700 && tokenizer.addsBegin && tokenizer.ends == [701, 3])
    #expect(tokenizer.bytes(of: 700).isEmpty && tokenizer.decode([702]) == ">>TITLE<<")
    #expect(try Self.tokenizer(Self.text("gpt-2"))?.encode("x", addingBegin: false).count == 1)
  }

  /// What a change of the file makes of the tokenizer.
  static let bad: [(name: String, old: String, new: String, part: String)] = [
    ("gpt-2", #""type":"BPE""#, #""type":"WordPiece""#, "model"),
    ("gpt-2", #""byte_fallback":false"#, #""byte_fallback":true"#, "model"),
    ("gpt-2", #""dropout":null"#, #""dropout":0.1"#, "model"),
    ("gpt-2", #""normalizer":null"#, #""normalizer":{"type":"NFC"}"#, "normalizer"),
    ("gpt-2", #""add_prefix_space":false"#, #""add_prefix_space":true"#, "pre_tokenizer"),
    ("gpt-2", #""use_regex":true"#, #""use_regex":false"#, "pre_tokenizer"),
    ("llama-bpe", #"{1,3}"#, #"{1,4}"#, "pre_tokenizer"),
    ("llama-bpe", #""Isolated""#, #""Removed""#, "pre_tokenizer"),
    ("falcon", #"[0-9][0-9][0-9]"#, #"[0-9][0-9]"#, "pre_tokenizer"),
    ("falcon-digits", #""individual_digits":false"#, #""individual_digits":true"#, "pre_tokenizer"),
    ("gpt-2", #""type":"ByteLevel""#, #""type":"Whitespace""#, "pre_tokenizer"),
    (
      "gpt-2", #"[{"SpecialToken":{"id":"<|begin|>""#, #"[{"SpecialToken":{"id":"<|bogus|>""#,
      "post_processor"
    ),
    ("gpt-2", #"{"id":700,"#, #"{"id":5,"#, "token 5"),
    ("gpt-2", #"{"id":700,"#, #"{"id":-5,"#, "token -5"),
    ("gpt-2", #"{"id":700,"#, #"{"id":9223372036854775807,"#, "model"),
    ("gpt-2", #""a":"#, #""ab":"#, "vocabulary"),
  ]

  @Test(arguments: bad.indices) func whatIsNotBuiltIsNamed(index: Int) throws {
    let (name, old, new, part) = Self.bad[index]
    let text = try Self.text(name)
    let changed = text.replacing(old, with: new)
    try #require(changed != text)
    do {
      _ = try Self.tokenizer(changed)
      Issue.record("\(old) is read as \(new)")
    } catch let error as ModelFileError {
      #expect(error.path.hasSuffix("tokenizer.json") && error.part == part, "\(error)")
    }
  }

  @Test func aVocabularyBeyondTheModelsIsNamed() throws {
    let error = failure(ModelFileError.self) {
      try Self.tokenizer(Self.text("gpt-2"), vocabulary: 700)
    }
    #expect(error?.reason.contains("vocabulary is 700") == true)
  }
}
