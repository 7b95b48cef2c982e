import ArgumentParser
import Bench
import Decoder
import Foundation
import MPGEMM
import Models

/// `ternbench perplexity`.
struct PerplexityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "How well a model predicts a text.",
    discussion: """
      Example:
        ternbench perplexity -m model.gguf -f text.txt --window 256

      The text is cut into windows that each begin anew; all tokens of a window but the first are \
      predicted. The same number to the last digit with every lossless kernel.
      """)

  @OptionGroup var model: ModelOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("A text in UTF-8.", valueName: "file"))
  var file: String

  @Option(help: "Tokens of a window. Default: the model's context, at most 512.")
  var window: Int?

  @Option(help: "Only the first so many tokens of the text.")
  var most: Int?

  func validate() throws {
    guard window.map({ $0 >= 2 }) ?? true else {
      throw ValidationError("--window \(window ?? 0): not at least 2")
    }
    guard most.map({ $0 >= 2 }) ?? true else {
      throw ValidationError("--most \(most ?? 0): not at least 2")
    }
  }

  func run() throws {
    let text = try read()
    let (model, kernels) = try self.model.read(for: [.init(tokens: 128, passes: 1)])
    guard let tokenizer = model.tokenizer else { throw self.model.missingTokenizer }
    let window = window ?? min(model.configuration.context ?? 512, 512)
    try self.model.require(positions: window, in: model.configuration)
    let tokens = Array(tokenizer.encode(text, addingBegin: false).prefix(most ?? .max))
    guard tokens.count >= 2 else {
      throw Failure(
        message:
          "text file \(String(reflecting: file)): has \(tokens.count) tokens; two are needed",
        exitCode: Exit.data)
    }
    let chunk = min(64, window)
    let transformer = Transformer(
      model.configuration, weights: model.weights, kernel: kernels.choice,
      limits: Transformer.Limits(
        tokens: chunk, positions: window, logits: chunk,
        memory: self.model.running.memory.kind),
      rotaryFactors: model.rotaryFactors, threads: try self.model.running.pool())
    var perplexity = Perplexity()
    perplexity.add(tokens, window: window, by: transformer)
    Console.note(
      "\(kernels.description(of: model.configuration)): \(perplexity.tokens) of \(tokens.count) tokens predicted, in windows of \(window)"
    )
    Console.print(perplexity.value.map { "\($0)" } ?? "")
  }

  private func read() throws -> String {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw Failure(
        message: "text file \(String(reflecting: file)): cannot be read; check the path and its "
          + "permissions",
        exitCode: Exit.io)
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw Failure(
        message: "text file \(String(reflecting: file)): is not UTF-8", exitCode: Exit.data)
    }
    return text
  }
}
