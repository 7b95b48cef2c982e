import ArgumentParser
import Foundation
import Report
import Results
import Statistics

/// `ternbench compare`.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares two runs, with an interval and a verdict for each row.",
    discussion: """
      Example: ternbench compare results/before results/after --fail-on-slower

      Rows of one machine are FASTER, SLOWER, SAME or UNSURE in the second run; between machines only \
      the share of each machine's own read bandwidth is shown. Two runs did not take turns: what moved \
      the whole machine between them moves all rows, and is named on its own.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case md, csv
  }

  @Argument(help: "The run to compare with.")
  var first: String

  @Argument(help: "The run that is judged.")
  var second: String

  @OptionGroup var effect: EffectOption

  @Option(help: "md or csv.")
  var format = Format.md

  @Flag(help: "Exits with 2 if a row of the second run is slower.")
  var failOnSlower = false

  func run() throws {
    let runs = try [first, second].map { try Run(RunFolder(opening: $0)) }
    let comparison = RunComparison(runs[0], runs[1], minEffect: effect.minEffect)
    if failOnSlower && !comparison.isOneMachine {
      throw Failure.usage(
        "--fail-on-slower: the runs are of different machines, whose times are not compared")
    }
    let text = format == .md ? comparison.page : comparison.csv
    Console.print(text.trimmingCharacters(in: .newlines))
    if failOnSlower && comparison.slower > 0 { throw ExitCode(Exit.slower) }
  }
}

/// The difference that counts.
struct EffectOption: ParsableArguments {
  @Option(help: "The share by which speeds must differ to be FASTER or SLOWER.")
  var minEffect = SpeedRatio.defaultMinEffect

  func validate() throws {
    guard minEffect > 0, minEffect <= 1 else {
      throw ValidationError("--min-effect \(minEffect): not above 0 and at most 1")
    }
  }
}
