import Foundation
import Testing

@testable import Models

private let minimal = """
  schema = 1
  name = "Mine"
  hidden = 64
  ffn = 192
  layers = 2
  heads = 4
  kv_heads = 2
  gated = true
  """

@Suite struct ModelFileTests {
  @Test func theDocumentedExampleIsRead() throws {
    let page = try String(
      contentsOf: URL(filePath: #filePath).appending(path: "../../../docs/models.md").standardized,
      encoding: .utf8)
    let fence = try #require(page.firstRange(of: "```toml\n"))
    let example = page[fence.upperBound...].prefix { $0 != "`" }
    let model = try ModelShape(toml: String(example), path: "example.toml")
    #expect(model.slug == "my-model-1b")
    #expect(model.activation == .relu2)
    #expect(model.norm == .rmsAndSub)
    #expect(model.headDim == 64)
    #expect(
      model.linearLayers.map { "\($0.name) \($0.outFeatures)x\($0.inFeatures)" } == [
        "q 2048x2048", "k 512x2048", "v 512x2048", "o 2048x2048",
        "gate 5632x2048", "up 5632x2048", "down 2048x5632", "lm_head 128256x2048",
      ])
    // Every key of the page's table exists, and every key that exists is in the table.
    let keys = page.split(separator: "\n").compactMap { line in
      line.wholeMatch(of: /\| `([a-z_]+)` \|.*/).map { String($0.1) }
    }
    let known = ModelShape.CodingKeys.allCases.map(\.rawValue)
    #expect(Set(keys) == Set(known).subtracting(["slug", "confidence"]).union(["schema"]))
  }

  @Test func whatIsNotGivenIsDefaultedOrUnknown() throws {
    let model = try ModelShape(toml: minimal, path: "dir/mine.toml")
    #expect(model.slug == "mine")
    #expect(model.family == "user")
    #expect(model.headDim == 16)
    #expect(model.weights == .ternary)
    #expect(model.source == "dir/mine.toml")
    #expect(model.vocab == nil)
    #expect(model.tied == nil)
    #expect(model.activation == nil)
    #expect(model.norm == nil)
    #expect(model.zeroPercent == nil)
  }

  @Test(arguments: [
    ("hidden = 64", "", "hidden", "missing"),
    ("gated = true", "", "gated", "missing"),
    ("schema = 1", "", "schema", "missing"),
    ("schema = 1", "schema = 2", "schema", "is 2"),
    ("schema = 1", "schema = \"1\"", "schema", "the text \"1\""),
    ("hidden = 64", "hiden = 64", "hiden", "nearest known key is \"hidden\""),
    ("hidden = 64", "hidden = 64\nslug = \"x\"", "slug", "unknown"),
    ("hidden = 64", "hidden = 64\n[extra]\nx = 1", "extra", "unknown"),
    ("hidden = 64", "hidden = 64\n\"a\\u0000b\" = 1", "a", "unknown"),
    ("hidden = 64", "hidden = 0", "hidden", "is 0"),
    ("hidden = 64", "hidden = -64", "hidden", "from 1 to"),
    ("hidden = 64", "hidden = 64.5", "hidden", "whole number"),
    ("hidden = 64", "hidden = 9223372036854775807", "hidden", "from 1 to"),
    ("hidden = 64", "hidden = \"64\"", "hidden", "the text \"64\""),
    ("hidden = 64", "hidden = true", "hidden", "is true"),
    ("hidden = 64", "hidden = [64]", "hidden", "of type array"),
    ("hidden = 64", "hidden = 2024-01-01", "hidden", "of type date"),
    ("hidden = 64", "hidden = 65", "head_dim", "not a multiple"),
    ("hidden = 64", "hidden = 64\nhead_dim = 1000000", "head_dim", "heads * head_dim"),
    ("kv_heads = 2", "kv_heads = 3", "kv_heads", "does not divide"),
    ("gated = true", "gated = 1", "gated", "true or false"),
    ("name = \"Mine\"", "name = \"\"", "name", "is the text \"\""),
    ("name = \"Mine\"", "name = \"a\\nb\"", "name", "control characters"),
    ("name = \"Mine\"", "name = \"***\"", "name", "no ASCII letter"),
    ("name = \"Mine\"", "name = \"2B 4T\"", "name", "catalogue's model \"2b-4t\""),
    ("gated = true", "gated = true\nactivation = \"relu\"", "activation", "nearest is \"relu2\""),
    ("gated = true", "gated = true\nactivation = 2", "activation", "one of \"silu\""),
    ("gated = true", "gated = true\nrms_eps = nan", "rms_eps", "is nan"),
    ("gated = true", "gated = true\nrope_theta = inf", "rope_theta", "is inf"),
    ("gated = true", "gated = true\nzero_percent = 101", "zero_percent", "from 0.0 to 100.0"),
    (
      "gated = true", "gated = true\nweights = \"none\"\nzero_percent = 40", "zero_percent",
      "not ternary"
    ),
  ])
  func aBadFieldIsNamed(line: String, replacement: String, key: String, says: String) throws {
    let text = minimal.replacing(line, with: replacement)
    #expect(text != minimal)
    let error = failure(ModelError.self) {
      try ModelShape(toml: text, path: "mine.toml")
    }
    guard case .invalidFile(path: "mine.toml", key: key, reason: _, remedy: _) = error else {
      Issue.record("\(String(describing: error)) does not name \(key)")
      return
    }
    let message = try #require(error?.description)
    #expect(message.contains(says), "\(message)")
    #expect(message.contains("mine.toml"))
    #expect(!message.contains("\n"))
  }

  @Test func aWholeNumberServesAsANumber() throws {
    let model = try ModelShape(toml: minimal + "\nrope_theta = 500000", path: "mine.toml")
    #expect(model.ropeTheta == 500_000)
  }

  @Test func brokenTOMLNamesTheLine() {
    let error = failure(ModelError.self) {
      try ModelShape(toml: minimal + "\nvocab = = 3", path: "mine.toml")
    }
    #expect(error?.description.contains("not TOML at line 9") == true)
    #expect(throws: ModelError.self) {  // the same key twice
      try ModelShape(toml: minimal + "\nhidden = 64", path: "mine.toml")
    }
  }
}

@Suite struct ModelResolutionTests {
  /// Calls the body with the path of a file of these bytes, and removes it.
  private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "ternbench-\(UUID().uuidString).TOML")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path)
  }

  @Test func aSlugAndAPathBothResolve() throws {
    #expect(try ModelShape.resolve("xl").hidden == 2048)
    try withFile(Array(minimal.utf8)) { path in
      let model = try ModelShape.resolve(path)
      #expect(model.name == "Mine")
      #expect(model.source == path)
    }
    #expect(throws: ModelError.unknownModel(slug: "xxl", nearest: "xl")) {
      try ModelShape.resolve("xxl")
    }
  }

  @Test func anUnreadableFileIsAnInputError() {
    #expect(
      throws: ModelError.unreadableFile(path: "/no/such.toml", reason: "No such file or directory")
    ) { try ModelShape.resolve("/no/such.toml") }
    #expect(throws: ModelError.unreadableFile(path: "/", reason: "Is a directory")) {
      try ModelShape(tomlFile: "/")
    }
  }

  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x41], "not UTF-8"),
      (Array("schema = 1\u{0}".utf8), "not UTF-8"),
      ([UInt8](repeating: 0x0A, count: 70_000), "larger than 65536 bytes"),
      ([], "\"schema\" is missing"),
    ] as [([UInt8], String)])
  func aFileOfSomethingElseIsADataError(bytes: [UInt8], says: String) throws {
    try withFile(bytes) { path in
      let error = failure(ModelError.self) { try ModelShape.resolve(path) }
      guard case .invalidFile = error else {
        Issue.record("\(String(describing: error)) is not a data error")
        return
      }
      #expect(error?.description.contains(says) == true)
    }
  }
}
