public import ArgumentParser
public import Energy
import Foundation
import MPGEMM
import Models
import Report
import Results

/// `ternbench energy`.
struct Energy: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Models the arithmetic energy of a model by the papers' rule, and reproduces their figures.",
    discussion: """
      Examples:
        ternbench energy --model 2b-4t llama3.2-1b --scheme fp16 ternary
        ternbench energy --model 2b-4t --kernel '^(i2s|tl2)_avx2'

      With --kernel, kernels are ranked by the operations and bytes that they count, with the prices \
      of memory over which the ranking holds.

      All of it is modelled, from published energies of single operations; nothing is measured. \
      docs/energy.md explains the rule, and what it cannot know.
      """)

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Models of the catalogue, or TOML files of your own.",
      discussion: "See ternbench list models, and docs/models.md for the files.",
      valueName: "slug"))
  var model: [String] = []

  @OptionGroup var selection: KernelSelection

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "With --kernel, shapes as MxNxK instead of a model.", valueName: "MxNxK"),
    transform: TargetSelection.parseShape)
  var shape: [Shape] = []

  @Option(help: "With --kernel, where the weights are: cold, in main memory; hot, in a cache.")
  var cache = CacheList([.cold])

  @Option(
    name: .long,
    help:
      "With --kernel, the main memory by its name in the operation energies. (default: the first)"
  )
  var dram: String?

  @Option(
    name: .long,
    help:
      "The tokens of the one forward pass that a figure is for. (default: 512; with --kernel, 1)")
  var tokens: Int?

  @Option(
    name: .long, parsing: .upToNextOption,
    help: "Technology nodes that the operation energies hold: 7nm, 45nm. (default: 7nm)")
  var node: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption,
    help: "Numbers that the model computes in. (default: all)")
  var scheme: [Scheme] = []

  @Flag(
    name: .long,
    help: "Leaves out the additions of zero weights in the ternary scheme; the papers count them.")
  var skipZeros = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Operation energies of your own.",
      discussion: "docs/operation-energies.md describes the file.",
      valueName: "file.toml"))
  var operations: String?

  @Option(name: .long, help: "The form of the table; md and table add what must be known.")
  var format: Listing.Format?

  @Flag(help: "Sets the papers' figures beside those computed here and writes energy-papers.md.")
  var reproduce = false

  @Option(name: .long, help: "The folder that --reproduce writes to. (default: reports)")
  var out: String?

  func validate() throws {
    if reproduce {
      guard model.isEmpty, tokens == nil, node.isEmpty, scheme.isEmpty, operations == nil,
        format == nil, !skipZeros, selection.kernel == nil, shape.isEmpty, dram == nil
      else {
        throw ValidationError(
          "--reproduce computes the papers' own figures: leave out all other options but --out")
      }
      return
    }
    guard !model.isEmpty || (selection.kernel != nil && !shape.isEmpty) else {
      throw ValidationError(
        "nothing to model: give --model, --kernel and --shape, or --reproduce")
    }
    if selection.kernel == nil {
      guard shape.isEmpty, dram == nil, selection.plugin.isEmpty, cache.regimes == [.cold] else {
        throw ValidationError("--shape, --dram, --cache and --plugin are for --kernel: add it")
      }
    } else {
      guard scheme.isEmpty, !skipZeros else {
        throw ValidationError("--scheme and --skip-zeros are for models: leave out --kernel")
      }
      guard cache.regimes.count == 1, cache.regimes != [.ring] else {
        throw ValidationError("--cache: give one of cold and hot")
      }
    }
    guard out == nil else {
      throw ValidationError("--out is the folder of --reproduce: leave it out")
    }
    if let tokens, tokens < 1 { throw ValidationError("--tokens is \(tokens): give 1 or more") }
    guard !skipZeros || scheme.isEmpty || scheme.contains(.ternary) else {
      throw ValidationError("--skip-zeros is for the ternary scheme: add --scheme ternary")
    }
  }

  func run() throws {
    if reproduce {
      try writePapers()
    } else if selection.kernel != nil {
      try listKernels()
    } else {
      try list()
    }
  }

  private func writePapers() throws {
    let page = try EnergyPapersPage()
    let path = try page.write(to: out ?? "reports")
    Console.print(page.markdown.trimmingCharacters(in: .newlines))
    Console.note(path)
    guard page.allAgree else {
      throw Failure(
        message: "\(path): a computed figure is not the papers'; its row says DIFFER",
        exitCode: Exit.wrongResult)
    }
  }

  private func list() throws {
    let energies = try operations.map { try OperationEnergies(tomlFile: $0) } ?? .builtIn
    let figures = try model.flatMap { slug in
      let shape = try ModelShape.resolve(slug)
      return try (node.isEmpty ? [OperationEnergies.papersNode] : node).flatMap { node in
        try (scheme.isEmpty ? Scheme.allCases : scheme).map { scheme in
          try ForwardEnergy(
            shape, tokens: tokens ?? PaperFigure.tokens, scheme: scheme, node: node,
            energies: energies, skippingZeros: skipZeros && scheme == .ternary)
        }
      }
    }

    var listing = Listing(Self.columns)
    for figure in figures { listing.add(Self.cells(figure)) }
    let format = format ?? .table
    Console.print(try listing.text(format).trimmingCharacters(in: .newlines))
    guard format == .table || format == .md else { return }
    Console.print("\n" + ForwardEnergy.caveats(figures).map { "- \($0)" }.joined(separator: "\n"))
  }

  private static let columns = [
    "model", "scheme", "node", "tokens", "linear_macs", "attention_macs", "scale_muls",
    "skipped_adds", "add_j", "mul_j", "total_j", "j_per_token", "attention_pct", "memory_bytes",
    "energy_source",
  ]

  private static func cells(_ energy: ForwardEnergy) -> [Listing.Cell] {
    [
      .text(energy.model), .text(energy.scheme.rawValue), .text(energy.node.name),
      .number(energy.counts.tokens), .number(energy.counts.linearMACs),
      .number(energy.counts.attentionMACs), .number(energy.scaleMultiplies),
      .number(energy.skippedAdds), .number(energy.addJoules), .number(energy.multiplyJoules),
      .number(energy.totalJoules), .number(energy.joulesPerToken),
      .number(100 * energy.attentionShare), .number(energy.memoryBytes), .text(energy.source),
    ]
  }
}

extension Scheme: ExpressibleByArgument {}
