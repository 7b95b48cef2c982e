import Decoder
import Foundation
import MPGEMM
import Models
import Testing

/// One model as GGUF and as folders of packed and of bfloat16 weights gives one set of logits.
@Suite struct HuggingFaceTests {
  static let folders = [
    (folder: "2b4t-packed", model: "2b4t"), (folder: "2b4t-bf16", model: "2b4t"),
    (folder: "llama-packed", model: "llama"),
  ]

  static func path(_ folder: String) throws -> String {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(folder)").path
  }

  @Test(arguments: folders.indices) func aFolderGivesTheLogitsOfItsGGUF(index: Int) throws {
    let (folder, name) = Self.folders[index]
    let golden = try GoldenModel(name)
    let kernel = Kernel.lossless[0]
    let model = try Model(path: Self.path(folder), for: kernel)
    let transformer = Transformer(
      model.configuration, weights: model.weights, kernel: kernel,
      limits: Transformer.Limits(
        positions: golden.ids.count, logits: golden.ids.count, memory: .f32),
      threads: ThreadPool(threads: 1))
    let rows = golden.logits(transformer)
    if name == "2b4t" {
      // Scales of few bits are the same in all three files.
      let other = golden.logits(try golden.decoder(kernel))
      #expect(rows == other)
    } else {
      // The reciprocal of a scale's reciprocal may be one bit off.
      #expect(golden.relativeError(rows) <= AgreementTests.tolerance)
    }
  }

  /// A copy of a folder with one file changed.
  static func failure(_ folder: String, _ file: String, _ change: (inout [UInt8]) -> Void) throws
    -> ModelFileError?
  {
    let copy = FileManager.default.temporaryDirectory
      .appendingPathComponent("ternbench-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.copyItem(atPath: path(folder), toPath: copy)
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(copy)/\(file)")))
    change(&bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: "\(copy)/\(file)"))
    do {
      _ = try Model(path: copy, for: Kernel.lossless[0])
      return nil
    } catch {
      return error
    }
  }

  /// Replaces text of equal length.
  static func replace(_ old: String, by new: String, in bytes: inout [UInt8]) {
    let (old, new) = (Array(old.utf8), Array(new.utf8))
    guard bytes.count >= old.count,
      let at = (0...bytes.count - old.count).first(where: {
        bytes[$0..<$0 + old.count].elementsEqual(old)
      })
    else { return }
    bytes.replaceSubrange(at..<at + old.count, with: new)
  }

  @Test func aFolderThatIsGoodIsRead() throws {
    #expect(try Self.failure("2b4t-packed", "model.safetensors") { _ in } == nil)
  }

  @Test func everyTruncationIsNamed() throws {
    for left in [0, 4, 8, 100, 5000] {
      let failure = try Self.failure("2b4t-packed", "model.safetensors") {
        $0 = Array($0.prefix(left))
      }
      #expect(failure?.path.hasSuffix("model.safetensors") == true, "\(left)")
    }
  }

  @Test func code3IsNamed() throws {
    let failure = try Self.failure("2b4t-packed", "model.safetensors") { bytes in
      // Half of the file is packed weights: some of these are.
      for index in stride(from: bytes.count / 2, to: bytes.count, by: 7) { bytes[index] = 0xFF }
    }
    #expect(failure?.part.hasPrefix("tensor ") == true, "\(String(describing: failure))")
  }

  @Test func aHeaderThatLiesIsNamed() throws {
    for (old, new) in [
      ("\"U8\"", "\"U9\""), ("\"shape\":[16,64]", "\"shape\":[16,63]"),
      ("data_offsets\":[0", "data_offsets\":[7"), ("embed_tokens", "embed_tokenz"),
    ] {
      let failure = try Self.failure("2b4t-packed", "model.safetensors") {
        Self.replace(old, by: new, in: &$0)
      }
      #expect(failure?.part.hasPrefix("tensor ") == true, "\(old): \(String(describing: failure))")
    }
  }

  @Test func aHostileConfigurationIsNamed() throws {
    for (old, new) in [
      ("\"bitnet\"", "\"bidnet\""), ("\"relu2\"", "\"relu7\""), ("hidden_size", "hidden_sise"),
      ("\"hidden_size\": 64", "\"hidden_size\": -4"), ("\"vocab_size\": 96", "\"vocab_size\": 97"),
    ] {
      let failure = try Self.failure("2b4t-packed", "config.json") {
        Self.replace(old, by: new, in: &$0)
      }
      #expect(failure != nil, "\(old)")
    }
  }

  /// Found by fuzzing: converting made room for every layer before it looked for the first.
  @Test func moreLayersThanTensorsAreNamed() throws {
    let failure = try Self.failure("2b4t-packed", "config.json") {
      Self.replace("layers\": 2", by: "layers\": 16777216", in: &$0)
    }
    #expect(failure?.part == "key \"num_hidden_layers\"", "\(String(describing: failure))")
  }

  /// Found by fuzzing on Swift 6.0, whose JSON decoder traps on such keys.
  @Test func aKeyThatIsNoTextIsNamed() throws {
    let bytes = try Self.failure("2b4t-packed", "config.json") { bytes in
      if let at = bytes.firstIndex(of: UInt8(ascii: "_")) { bytes[at] = 0xFF }
    }
    #expect(bytes?.reason == "is not UTF-8", "\(String(describing: bytes))")
    let escape = try Self.failure("2b4t-packed", "config.json") {
      Self.replace("hidden_size", by: "hidden\\size", in: &$0)
    }
    #expect(escape?.reason == "is no JSON of this kind", "\(String(describing: escape))")
  }

  @Test func aMissingShardIsNamed() throws {
    let failure = try Self.failure("llama-packed", "model.safetensors.index.json") {
      Self.replace("00002-of", by: "00003-of", in: &$0)
    }
    #expect(failure?.category == .unreadable && failure?.path.contains("00003-of") == true)
  }
}
