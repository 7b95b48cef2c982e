import ArgumentParser
import Bench
import Decoder
import MPGEMM
import Models
import Results

/// `ternbench logits`.
struct Logits: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the logits behind every token, to be held beside another implementation's.",
    discussion: """
      Example:
        ternbench logits -m model.gguf --ids 1,2,3 > logits.csv

      CSV on standard output: a row a position, with its token and one column a token of the \
      vocabulary. Numbers are the shortest that read back as the same float32.
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "Tokens, by number, separated by commas.")
  var ids: TokenList

  func run() throws {
    let (model, kernels) = try self.model.read(for: [.init(tokens: 128, passes: 1)])
    let vocabulary = model.configuration.vocabulary
    if let wrong = ids.tokens.first(where: { $0 >= vocabulary }) {
      throw Failure.usage("--ids: \(wrong) is beyond the vocabulary of \(vocabulary)")
    }
    try self.model.require(positions: ids.tokens.count, in: model.configuration)
    let chunk = min(32, ids.tokens.count)
    let transformer = Transformer(
      model.configuration, weights: model.weights, kernel: kernels.choice,
      limits: Transformer.Limits(
        tokens: chunk, positions: ids.tokens.count, logits: chunk,
        memory: self.model.running.memory.kind),
      rotaryFactors: model.rotaryFactors, threads: try self.model.running.pool())
    Console.write(
      CSV.line(["position", "token"] + (0..<vocabulary).map { "logit_\($0)" }))
    transformer.logits(of: ids.tokens) { position, logits in
      Console.write(
        CSV.line(["\(position)", "\(ids.tokens[position])"] + logits.map { "\($0)" }))
    }
  }
}

/// Token numbers separated by commas.
struct TokenList: ExpressibleByArgument {
  let tokens: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let tokens = parts.compactMap { $0 }.filter { $0 >= 0 }
    guard tokens.count == parts.count else { return nil }
    self.tokens = tokens
  }
}
