import ArgumentParser
import MPGEMM
import Machine
import Models
import Verification

/// `ternbench verify`.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares kernels with an exact oracle.",
    discussion: """
      Examples:
        ternbench verify
        ternbench verify --kernel '^tl2' --shape 3200x3x8640 --pattern positive
        ternbench verify --model 2b-4t 3b --tokens 1,2,128

      Without --shape and --model, every ternary layer shape of the catalogue is verified. Small \
      shapes get every pattern and the whole contract, large ones random data and the largest sums.
      """)

  @OptionGroup var selection: KernelSelection
  @OptionGroup var targets: TargetSelection

  @Option(help: "N, separated by commas; a --shape has its own.")
  var tokens = CountList([1])

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Only these patterns of weights and activations: "
        + "\(Pattern.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "pattern"))
  var pattern: [PatternArgument] = []

  @Option(help: "What all data is made from.")
  var seed: UInt64 = 1

  func run() throws {
    let kernels = try selection.kernels()
    _ = try selection.runnableKernels()
    let shapes = try shapes()
    try MemoryCheck.require(shapes, for: kernels)
    let verifier = Verifier(threads: Topology.read().usableThreads, seed: seed)
    let line = ProgressLine()
    let results = verifier.verify(
      kernels, on: shapes, patterns: pattern.isEmpty ? nil : pattern.map(\.pattern)
    ) { progress in
      line.show(
        "verify \(100 * progress.done / max(progress.total, 1)) % "
          + "\(progress.shape) \(progress.pattern.rawValue) \(progress.kernel)")
    }
    line.clear()
    try report(results, kernels: kernels, shapes: shapes)
  }

  private func shapes() throws -> [Shape] {
    let models = try targets.models()
    var layers = models.flatMap { model in
      model.ternaryLayers.map { ($0.outFeatures, $0.inFeatures) }
    }
    for model in models where model.ternaryLayers.isEmpty {
      throw Failure.usage(
        "--model \(model.slug): has no ternary layers; see ternbench list models")
    }
    if layers.isEmpty && targets.shape.isEmpty {
      layers = ModelCatalogue.ternaryShapes.map { ($0.outFeatures, $0.inFeatures) }
    }
    var seen: Set<Shape> = []
    return
      (targets.shape
      + layers.flatMap { m, k in
        tokens.counts.map { Shape(outFeatures: m, tokens: $0, inFeatures: k) }
      }).filter { seen.insert($0).inserted }
  }

  /// One line a kernel, one line a mismatch; the exit code says whether there was one.
  private func report(_ results: [Verifier.Result], kernels: [Kernel], shapes: [Shape]) throws {
    var listing = Listing([
      "kernel", "lossless", "checks", "max_abs_error", "largest_nmse", "result",
    ])
    var mismatches: [Mismatch] = []
    for kernel in kernels {
      let verdicts = results.filter { $0.kernel == kernel }.compactMap(\.verdict)
      let wrong = verdicts.compactMap(\.mismatch)
      mismatches += wrong
      listing.add([
        .text(kernel.name), .flag(kernel.isLossless), .number(verdicts.count),
        .number(verdicts.map(\.maxAbsError).max()),
        .number(verdicts.map(\.nmse).max()),
        .text(
          !kernel.isRunnable
            ? "skipped: this CPU lacks \(kernel.missingISA.names.joined(separator: " "))"
            : wrong.isEmpty ? "ok" : "WRONG: \(wrong.count) of \(verdicts.count)"),
      ])
    }
    Console.print(try listing.text(.table))
    let runnable = kernels.filter(\.isRunnable)
    Console.print(
      "\(shapes.count) shapes, \(runnable.count) kernels run, \(kernels.count - runnable.count) "
        + "skipped, \(mismatches.count) wrong results")
    for mismatch in mismatches {
      Console.error("\(mismatch)")
    }
    if !mismatches.isEmpty { throw ExitCode(Exit.wrongResult) }
  }
}

/// A pattern on the command line.
struct PatternArgument: ExpressibleByArgument {
  let pattern: Pattern

  init?(argument: String) {
    guard let pattern = Pattern(rawValue: argument) else { return nil }
    self.pattern = pattern
  }
}
