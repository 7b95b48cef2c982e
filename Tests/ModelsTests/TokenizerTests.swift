import Foundation
import Testing

@testable import Models

/// The tokenizer beside PyPI's `tokenizers` 0.22.2 (`tools/golden/make_tokenizers.py`).
@Suite struct TokenizerTests {
  struct Golden: Decodable {
    struct Case: Decodable {
      let pre: String
      let tokens: [String]
      let merges: [String]
      let ids: [[Int]]
      /// `framed` with what the template adds.
      let framed: [Int]
    }
    let texts: [String]
    let framed: String
    let tokenizers: [Case]
  }

  static let names = PreTokenizer.allCases.map(\.rawValue)

  static let fixtures = (Bundle.module.resourceURL ?? URL(filePath: "/")).appending(
    path: "Fixtures")

  static let golden: Golden = {
    guard let data = try? Data(contentsOf: fixtures.appending(path: "tokenizers.json")),
      let golden = try? JSONDecoder().decode(Golden.self, from: data)
    else { return Golden(texts: [], framed: "", tokenizers: []) }
    return golden
  }()

  static func tokenizer(_ golden: Golden.Case) throws -> Tokenizer {
    try Tokenizer(
      Tokenizer.Definition(
        tokens: golden.tokens,
        kinds: [Tokenizer.Definition.Kind](repeating: .text, count: golden.tokens.count),
        merges: golden.merges,
        preTokenizer: #require(PreTokenizer(name: golden.pre))))
  }

  @Test func theFixtureCoversEveryPreTokenizer() {
    #expect(Set(Self.golden.tokenizers.map(\.pre)) == Set(Self.names))
    #expect(Self.golden.texts.count >= 1000)
  }

  @Test(arguments: names)
  func encodesAsTheReferenceDoes(pre: String) throws {
    let golden = try #require(Self.golden.tokenizers.first { $0.pre == pre })
    let tokenizer = try Self.tokenizer(golden)
    for (text, ids) in zip(Self.golden.texts, golden.ids) {
      let encoded = tokenizer.encode(text)
      guard encoded == ids else {
        Issue.record("\(pre) \(String(reflecting: text)): \(encoded), and the reference \(ids)")
        return
      }
      #expect(tokenizer.decode(encoded) == text)
    }
  }

  @Test func aLongRunOfOneLetterIsQuick() throws {
    let tokenizer = try Self.tokenizer(try #require(Self.golden.tokenizers.first))
    let text = String(repeating: "o", count: 200_000)
    let start = ContinuousClock.now
    #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    #expect(start.duration(to: .now) < .seconds(20))
  }

  @Test func aStreamKeepsBackPartsOfLetters() throws {
    let tokenizer = try Self.tokenizer(try #require(Self.golden.tokenizers.first))
    let text = "naïve 👩‍👩‍👧 世界 \u{301}"
    var stream = TokenStream(tokenizer)
    var parts = tokenizer.encode(text).map { stream.append($0) }
    #expect(!parts.joined().contains("\u{FFFD}"))
    parts.append(stream.finish())
    #expect(parts.joined() == text)
  }

  @Test func anIncompleteVocabularyIsNamed() throws {
    var golden = try #require(Self.golden.tokenizers.first)
    golden = Golden.Case(
      pre: golden.pre, tokens: Array(golden.tokens.dropFirst()), merges: [], ids: [], framed: [])
    #expect(throws: Tokenizer.Problem.self) { try Self.tokenizer(golden) }
    golden = try #require(Self.golden.tokenizers.first)
    golden = Golden.Case(
      pre: golden.pre, tokens: golden.tokens, merges: ["a b c"], ids: [], framed: [])
    #expect(throws: Tokenizer.Problem.self) { try Self.tokenizer(golden) }
  }
}
