import ArgumentParser
import Bench
import Foundation
import MPGEMM
import Machine
import Models
import Results

/// `ternbench tune`.
struct Tune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Measures which kernel --kernel auto of decode and generate should take, and remembers.",
    discussion: """
      Examples:
        ternbench tune --model 2b-4t --threads all
        ternbench tune --model 2b-4t falcon3-1b --tokens 1,4,128 --threads 1,2

      Every lossless kernel that this CPU runs is measured cold on each shape of the models, as \
      ternbench bench does. The medians go into tuning.json in the user's cache folder \
      ($XDG_CACHE_HOME/ternbench or ~/.cache/ternbench), beside what is there of other shapes. A \
      table of another processor, build or set of kernels is replaced. The run's folder, with all \
      samples, is printed first, and the table's path last.
      """)

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Models of the catalogue, or TOML files of your own.", valueName: "slug"))
  var model: [String]

  @OptionGroup var selection: KernelSelection

  @Option(help: "N, separated by commas: a step of decoding, small batches, a chunk of a prompt.")
  var tokens = CountList([1, 8, 128])

  @Option(help: "Numbers of threads, separated by commas; all: every processor there is.")
  var threads = ThreadList([nil])

  @Option(help: "Seconds of measured time for each kernel of a case, at least.")
  var minTime = SweepOptions.defaultMinTime

  @Option(help: "What all data and the order of turns are made from.")
  var seed: UInt64 = 1

  @Option(name: .long, help: "The folder in which the run's folder is made.")
  var out = "results"

  @OptionGroup var isolation: IsolationOptions

  @Flag(help: "Measures even if the program was built without optimisation.")
  var allowDebugBuild = false

  func validate() throws {
    guard minTime > 0, minTime <= 3600 else {
      throw ValidationError("--min-time \(minTime): not between 0 and 3600 seconds")
    }
    guard selection.plugin.isEmpty else {
      throw ValidationError("--plugin: decode and generate know the built-in kernels only")
    }
  }

  func run() throws {
    try BuildConfiguration.requireRelease(unless: allowDebugBuild)
    guard let cache = TuningCache(environment: ProcessInfo.processInfo.environment) else {
      throw Failure.usage("tune: neither XDG_CACHE_HOME nor HOME says where to keep the table")
    }
    let models = try model.map { try ModelShape.resolve($0) }
    let kernels = try selection.kernels().filter(\.isForDecoding)
    guard !kernels.isEmpty else {
      throw Failure(
        message:
          "--kernel \(selection.kernel ?? ""): matches no lossless kernel of int8 activations that "
          + "this CPU runs; see ternbench list kernels", exitCode: Exit.nothingToRun)
    }
    let targets = try models.flatMap { model in
      let layers = Target.layers(of: model)
      guard !layers.isEmpty else {
        throw Failure.usage(
          "--model \(model.slug): has no ternary layers; see ternbench list models")
      }
      return layers
    }
    var options = SweepOptions(
      kernels: kernels, targets: targets, tokens: tokens.counts,
      threads: threads.counts(usable: Topology.read().usableThreads), caches: [.cold],
      minTime: minTime, seed: seed)
    options.workers = isolation.limits
    try MemoryCheck.require(options.shapes, for: kernels)
    let begun = try RunBeginning(
      options: [
        "kernels": kernels.map(\.name).joined(separator: " "),
        "targets": targets.map(\.description).joined(separator: ", "),
        "tokens": options.tokens.map(String.init).joined(separator: ","),
        "threads": options.threads.map(String.init).joined(separator: ","),
        "min_time": "\(minTime)", "seed": "\(seed)", "isolation": isolation.description,
      ], models: models, seed: seed, resume: nil, out: out)
    let line = ProgressLine()
    _ = try SweepRunner(options, folder: begun.folder).run {
      line.show("tune \($0.done)/\($0.total): \($0.activity)")
    }
    line.clear()
    Console.print(begun.folder.path)
    try keep(try CSVReader<KernelRow>(begun.folder.kernels).rows, in: cache)
    Console.print(cache.path)
  }

  /// Adds the times to what the cache knows of this machine and build.
  private func keep(_ rows: [KernelRow], in cache: TuningCache) throws {
    let identity = TuningTable.Identity.current(version: Ternbench.version)
    var table = TuningTable(identity: identity)
    switch cache.read(identity) {
    case .table(let known): table = known
    case .nothing: break
    case .ignored(let reason):
      Console.note("tuning table \(cache.path): replaced, since \(reason)")
    }
    table.take(rows)
    try cache.write(table)
    let failed = rows.filter { $0.status == .failed }
    if let first = failed.first {
      throw Failure(
        message:
          "\(failed.count) rows failed and are not in the table; the first is \(first.kernel): "
          + first.reason, exitCode: Exit.wrongResult)
    }
  }
}
