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
        ternbench logits -m model.gguf --ids 1,2,3 --format csv > logits.csv

      On standard output, a line a position with its token: of csv behind a header, one column a \
      token of the vocabulary; of json an object with position, token and logits. Numbers are the \
      shortest that read back as the same float32; in json null is one that is not finite.
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "Tokens, by number, separated by commas.")
  var ids: TokenList

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, json
  }

  @Option(help: "How to write them: csv or json.")
  var format = Format.csv

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
    if format == .csv {
      Console.write(
        CSV.line(["position", "token"] + (0..<vocabulary).map { "logit_\($0)" }))
    }
    transformer.logits(of: ids.tokens) { position, logits in
      Console.write(line(position, logits))
    }
  }

  private func line(_ position: Int, _ logits: [Float]) -> String {
    let token = ids.tokens[position]
    switch format {
    case .csv: return CSV.line(["\(position)", "\(token)"] + logits.map { "\($0)" })
    case .json:
      let numbers = logits.map { $0.isFinite ? "\($0)" : "null" }.joined(separator: ",")
      return "{\"position\":\(position),\"token\":\(token),\"logits\":[\(numbers)]}\n"
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
