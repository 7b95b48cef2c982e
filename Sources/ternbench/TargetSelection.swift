import ArgumentParser
import Bench
import MPGEMM
import Models

/// The options that choose shapes, the same for every subcommand.
struct TargetSelection: ParsableArguments {
  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Models of the catalogue, or TOML files of your own.",
      discussion: "See ternbench list models, and docs/models.md for the files.",
      valueName: "slug"))
  var model: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Shapes as MxNxK: output features, tokens, input features.", valueName: "MxNxK"),
    transform: Self.parseShape)
  var shape: [Shape] = []

  static func parseShape(_ text: String) throws -> Shape {
    guard let shape = Shape(text) else {
      throw ValidationError(
        "not three whole numbers from 1 joined by x, as 6912x1x2560 for M output features, "
          + "N tokens and K input features")
    }
    return shape
  }

  /// The models, in the order given.
  ///
  /// - Throws: `ModelError` for an unknown slug or a bad file.
  func models() throws -> [ModelShape] {
    try model.map { try ModelShape.resolve($0) }
  }
}

/// Whole numbers from 1, separated by commas.
struct CountList: ExpressibleByArgument {
  let counts: [Int]

  init(_ counts: [Int]) {
    self.counts = counts
  }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let counts = parts.compactMap { $0 }.filter { $0 >= 1 }
    guard counts.count == parts.count else { return nil }
    self.counts = counts
  }

  var defaultValueDescription: String { counts.map(String.init).joined(separator: ",") }
}
