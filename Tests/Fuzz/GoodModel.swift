import Decoder
import Foundation
import MPGEMM
import Models

/// A good model's files, of which one at a time is damaged, read and mended.
final class GoodModel {
  private let path: String
  private let isFolder: Bool
  private let files: [(path: String, bytes: [UInt8])]
  private var damaged: Int?

  /// Copies the files of a model.
  init(_ original: String, copiedTo copy: String) throws {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: original, isDirectory: &isFolder)
    self.isFolder = isFolder.boolValue
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    let names =
      isFolder.boolValue
      ? try FileManager.default.contentsOfDirectory(atPath: original).sorted()
      : [""]
    path = isFolder.boolValue ? copy : "\(copy)/model.gguf"
    files = try names.map { name in
      let from = name.isEmpty ? original : "\(original)/\(name)"
      let to = name.isEmpty ? "\(copy)/model.gguf" : "\(copy)/\(name)"
      return (to, [UInt8](try Data(contentsOf: URL(fileURLWithPath: from))))
    }
    for file in files { try Self.write(file.bytes, to: file.path) }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// Damages one file.
  func damage(by mutator: inout Mutator) throws {
    let index = mutator.below(files.count)
    let file = files[index]
    try Self.write(mutator.mutated(file.bytes, Mutator.Kind(name: file.path)), to: file.path)
    damaged = index
  }

  /// Undoes the damage.
  func mend() throws {
    if let damaged { try Self.write(files[damaged].bytes, to: files[damaged].path) }
    damaged = nil
  }

  /// A kernel in whose layout a file's weights may lie, so that they are used where they are.
  private static let kernel = Kernel.all.first { $0.layout == "i2s_128" && $0.isRunnable }
  private static let threads = ThreadPool(threads: 1)

  /// Reads all that there is: every tensor, the model as `convert` reads it and as it runs, and the tokenizer.
  func read() throws {
    if !isFolder {
      let file = try GGUFFile(path: path)
      if let tokenizer = try Tokenizer(file, vocabulary: 1000) { use(tokenizer) }
      for tensor in file.tensors {
        // A tensor read as what it is not is refused, and the others may still be read.
        do { _ = try tensor.ternaryWeights() } catch {}
        do { _ = try tensor.floats() } catch {}
      }
      // One file has every type and is no model.
      guard try file.text("general.architecture") != nil else { return }
    } else {
      let folder = try HuggingFaceFolder(path: path)
      if let tokenizer = try Tokenizer(folder, vocabulary: 1000) { use(tokenizer) }
    }
    _ = try Model.file(converting: path, type: .i2s, rows: .f16).bytes()
    if let kernel = Self.kernel { use(try Model(path: path, for: kernel), kernel) }
  }

  /// Whatever was read as a model gives logits, of numbers or not.
  private func use(_ model: Model, _ kernel: Kernel) {
    let decoder = Transformer(
      model.configuration, weights: model.weights, kernel: kernel,
      limits: Transformer.Limits(tokens: 2, positions: 2), rotaryFactors: model.rotaryFactors,
      threads: Self.threads)
    precondition(
      decoder.prefill([0, model.configuration.vocabulary - 1]).count
        == model.configuration.vocabulary, "as many logits as tokens")
  }

  private func use(_ tokenizer: Tokenizer) {
    let text = "The the\n 12345 ſ'S naïve 世界 👩‍👩‍👧<|end|>"
    precondition(
      tokenizer.encode(text).allSatisfy { (0..<tokenizer.vocabularySize).contains($0) },
      "a token beyond the vocabulary")
    _ = tokenizer.decode(Array(0..<tokenizer.vocabularySize))
  }
}
