import ArgumentParser
import Report
import Results

/// `ternbench report`.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Renders run folders as Markdown.",
    discussion: """
      Example: ternbench report results/20261121T031500Z-host-0123456789ab

      The page is made from the folder alone: the same folder gives the same bytes. Of several \
      folders that ternbench decode wrote on one machine there is a page together, decode.md: tokens \
      per second by model and kernel, beside other machines' as a paper prints them. Of several folders \
      with exact counts (--counters step, --counters plugin) there is counts.md: instructions and loads a \
      weight of every kernel, on whatever machines.
      """)

  @Argument(help: ArgumentHelp("Folders that ternbench bench or decode wrote.", valueName: "run"))
  var runs: [String]

  @Option(name: .long, help: "The folder in which each run gets a folder of its own.")
  var out = "reports"

  @OptionGroup var effect: EffectOption

  @Flag(help: "Also prints the headline table of each run.")
  var headline = false

  func run() throws {
    let folders = try runs.map { try RunFolder(opening: $0) }
    let pages = try RunReport.write(folders, to: out, minEffect: effect.minEffect)
    for page in pages {
      Console.print(page)
    }
    let decoded = folders.filter { RunFolder.isOfDecode($0.path) }
    if decoded.count > 1 { Console.print(try DecodePage(decoded).write(to: out)) }
    let swept = folders.filter { !RunFolder.isOfDecode($0.path) }
    if swept.count > 1, let counts = try CountsPage(swept) {
      Console.print(try counts.write(to: out))
    }
    guard headline else { return }
    for folder in folders {
      Console.print("\n" + RunReport(try Run(folder), minEffect: effect.minEffect).headline)
    }
  }
}
