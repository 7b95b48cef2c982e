public import ArgumentParser
import Bench
import Foundation
import MPGEMM
public import Machine
import Models
import Results

/// `ternbench bench`.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Verifies kernels, then measures them, and writes a run folder.",
    discussion: """
      Examples:
        ternbench bench --model 2b-4t --tokens 1,128 --threads 1,all --cache hot,cold
        ternbench bench --kernel '^(i2s|tl2)_avx2' --shape 6912x1x2560 --min-time 1
        ternbench bench --model 2b-4t --kernel '^planar2_' --cache ring --threads all

      All kernels of a case take turns in random order, so that drift hits all alike. A row is \
      written only after its kernel was right on that very shape. The path of the run folder is \
      printed on standard output; ternbench report renders it.
      """)

  @OptionGroup var selection: KernelSelection
  @OptionGroup var targets: TargetSelection

  @Option(help: "N, separated by commas; a --shape has its own.")
  var tokens = CountList([1])

  @Option(help: "Numbers of threads, separated by commas; all: every processor there is.")
  var threads = ThreadList([1])

  @Option(
    help: ArgumentHelp(
      "hot: one matrix again and again; cold: a pool in rotation; ring: a model layer by layer.",
      discussion: "Separated by commas. A ring is one row for a whole model.",
      valueName: "regimes"))
  var cache = CacheList([.cold])

  @Option(help: "Seconds of measured time for each kernel of a case, at least.")
  var minTime = SweepOptions.defaultMinTime

  @Option(
    help: "Seconds for a kernel that is noisier than --max-noise, at most. Default: 3 × --min-time."
  )
  var maxTime: Double?

  @Option(help: "The noise to sample for: half the median's 95 % interval, as a share of it.")
  var maxNoise = SweepOptions.defaultMaxNoise

  @Option(help: "Seconds of a first call above which a kernel gives one sample, without interval.")
  var singleSampleAbove = SweepOptions.defaultSingleSampleAbove

  @Option(
    help: """
      The share of weights that are zero. Default: what is known of the model, else one in three.
      """)
  var zeroDensity: Double?

  @Option(help: "What all data and the order of turns are made from.")
  var seed: UInt64 = 1

  @Option(name: .long, help: "The folder in which the run's folder is made.")
  var out = "results"

  @Option(
    help: """
      Where packed weights lie on a machine of several memory nodes: first-touch, bind (to the first \
      thread's node) or interleave.
      """)
  var numa = MemoryPlacement.firstTouch

  @Option(
    help: """
      What is counted of each kernel, in calls of its own after the timing: papi (hardware), software \
      (the operating system), step (exact instructions) or none. plugin: under an emulator, which counts \
      instructions and loads; then nothing is timed.
      """)
  var counters = CounterChoice.none

  @Option(help: "Instructions after which --counters step gives a stage up; 100000 take about 1 s.")
  var stepLimit = InstructionStepper.defaultLimit

  @OptionGroup var isolation: IsolationOptions

  @Option(
    defaultAsFlag: "newest", parsing: .next,
    help: ArgumentHelp(
      "Goes on with a run of the same options that was stopped: this folder, or the newest.",
      valueName: "folder"))
  var resume: String?

  @Flag(help: "Measures even if the program was built without optimisation.")
  var allowDebugBuild = false

  func validate() throws {
    guard minTime > 0, minTime <= 3600 else {
      throw ValidationError("--min-time \(minTime): not between 0 and 3600 seconds")
    }
    if let maxTime, !(maxTime >= minTime && maxTime <= 3600) {
      throw ValidationError("--max-time \(maxTime): not between --min-time and 3600 seconds")
    }
    guard maxNoise > 0, maxNoise <= 1 else {
      throw ValidationError("--max-noise \(maxNoise): not above 0 and at most 1")
    }
    guard singleSampleAbove > 0 else {
      throw ValidationError("--single-sample-above \(singleSampleAbove): not above 0 seconds")
    }
    guard stepLimit > 0 else { throw ValidationError("--step-limit \(stepLimit): not above 0") }
    if let zeroDensity, !(0...1).contains(zeroDensity) {
      throw ValidationError("--zero-density \(zeroDensity): not between 0 and 1")
    }
  }

  func run() throws {
    try BuildConfiguration.requireRelease(unless: allowDebugBuild)
    let kernels = try selection.kernels()
    _ = try selection.runnableKernels()
    let models = try targets.models()
    var options = SweepOptions(
      kernels: kernels, targets: try sweepTargets(models), tokens: tokens.counts,
      threads: threads.counts(usable: Topology.read().usableThreads), caches: cache.regimes,
      minTime: minTime, singleSampleAbove: singleSampleAbove, seed: seed)
    options.maxTime = maxTime
    options.maxNoise = maxNoise
    options.plugins = selection.plugin
    options.workers = isolation.limits
    options.memory = numa
    options.counters = counters
    options.stepLimit = stepLimit
    if counters.replacesTiming { try requireEmulator() }
    try MemoryCheck.require(options.shapes, for: kernels)
    let begun = try RunBeginning(
      options: described(options), models: models, seed: seed, resume: resume, out: out)
    Interrupt.hold(
      notice: "\nternbench: finishing the case; interrupt again to stop at once\n")
    if !counters.replacesTiming { try begun.folder.writeModelledEnergy(of: options) }
    let line = ProgressLine()
    let tally = try SweepRunner(options, folder: begun.folder, resuming: begun.isResumed).run {
      progress in
      let left = progress.secondsLeft.map { ", \(ProgressLine.duration($0)) left" } ?? ""
      line.show("bench \(progress.done)/\(progress.total)\(left): \(progress.activity)")
    }
    line.clear()
    let done =
      counters.replacesTiming
      ? "counted \(tally.emulated) rows of an emulated processor" : "measured \(tally.ok) rows"
    Console.note("\(done), \(tally.failed) failed, \(tally.skipped) skipped")
    Console.print(begun.folder.path)
    if tally.casesLeft > 0 {
      Console.note(
        "interrupted with \(tally.casesLeft) cases left; go on with:\n  \(begun.commandToResume)")
      throw ExitCode(Exit.interrupted)
    }
    if tally.failed > 0 { throw ExitCode(Exit.wrongResult) }
  }

  /// Refuses to count by plug-in where there is none, or where it would not see the kernels.
  private func requireEmulator() throws {
    let option = "--counters \(counters.rawValue)"
    if let reason = counters.open().reason { throw Failure.usage("\(option): \(reason)") }
    guard isolation.limits == nil else {
      throw Failure.usage(
        "\(option): an emulator does not emulate the processes that a program starts: add --in-process"
      )
    }
    guard cache.regimes == [.hot] else {
      throw Failure.usage(
        "\(option): an emulator has no caches, and counts do not depend on them: add --cache hot")
    }
  }

  private func sweepTargets(_ models: [ModelShape]) throws -> [Target] {
    var sweepTargets: [Target] = []
    for model in models {
      let layers = Target.layers(of: model, zeroDensity: zeroDensity)
      guard !layers.isEmpty else {
        throw Failure.usage(
          "--model \(model.slug): has no ternary layers; see ternbench list models")
      }
      if cache.regimes.contains(where: { $0 != .ring }) { sweepTargets += layers }
      if cache.regimes.contains(.ring) {
        sweepTargets += [Target.ring(of: model, zeroDensity: zeroDensity)].compactMap(\.self)
      }
    }
    if cache.regimes.contains(.ring) {
      guard !models.isEmpty else {
        throw Failure.usage("--cache ring: goes through the layers of a model; name a --model")
      }
      guard targets.shape.isEmpty else {
        throw Failure.usage(
          "--cache ring: goes through the layers of a model; measure --shape in a run without it")
      }
    }
    sweepTargets += targets.shape.map { shape in
      Target(
        outFeatures: shape.outFeatures, inFeatures: shape.inFeatures, tokens: shape.tokens,
        zeroDensity: zeroDensity ?? Target.unknownZeroDensity)
    }
    guard !sweepTargets.isEmpty else {
      throw Failure.usage(
        "nothing to measure: name a --model (see ternbench list models) or a --shape MxNxK")
    }
    return sweepTargets
  }

  private func described(_ options: SweepOptions) -> [String: String] {
    [
      "kernels": options.kernels.map(\.name).joined(separator: " "),
      "targets": options.targets.map(\.description).joined(separator: ", "),
      "tokens": options.tokens.map(String.init).joined(separator: ","),
      "threads": options.threads.map(String.init).joined(separator: ","),
      "cache": options.caches.map(\.rawValue).joined(separator: ","),
      "min_time": "\(options.minTime)", "max_noise": "\(options.maxNoise)",
      "max_time": "\(options.maxTime ?? 3 * options.minTime)", "seed": "\(options.seed)",
      "single_sample_above": "\(options.singleSampleAbove)",
      "isolation": isolation.description, "numa": numa.rawValue,
      "counters": counters.rawValue, "step_limit": "\(stepLimit)",
      "zero_density": zeroDensity.map { "\($0)" } ?? "of the model",
    ]
  }
}

extension BuildConfiguration {
  /// Refuses to time kernels that the compiler has not optimised, unless told to.
  ///
  /// - Throws: `Failure` in a debug build.
  static func requireRelease(unless isAllowed: Bool) throws {
    guard current == .release || isAllowed else {
      throw Failure.usage(
        "this is a debug build, whose kernels are not optimised: build with "
          + "swift build -c release, or pass --allow-debug-build")
    }
  }
}

/// Thread counts, where `all` is every processor there is.
struct ThreadList: ExpressibleByArgument {
  private let parts: [Int?]

  /// Counts, nil standing for all.
  init(_ counts: [Int?]) {
    parts = counts
  }

  init?(argument: String) {
    var parts: [Int?] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      if part == "all" {
        parts.append(nil)
      } else if let count = Int(part), (1...4096).contains(count) {
        parts.append(count)
      } else {
        return nil
      }
    }
    self.parts = parts
  }

  /// The counts, each once, in the order given.
  func counts(usable: Int) -> [Int] {
    var seen: Set<Int> = []
    return parts.map { $0 ?? usable }.filter { seen.insert($0).inserted }
  }

  var defaultValueDescription: String {
    parts.map { $0.map(String.init) ?? "all" }.joined(separator: ",")
  }
}

/// Cache regimes separated by commas.
struct CacheList: ExpressibleByArgument {
  let regimes: [CacheRegime]

  init(_ regimes: [CacheRegime]) {
    self.regimes = regimes
  }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let regimes = parts.compactMap { CacheRegime(rawValue: String($0)) }
    guard regimes.count == parts.count else { return nil }
    self.regimes = regimes
  }

  var defaultValueDescription: String { regimes.map(\.rawValue).joined(separator: ",") }
}

extension MemoryPlacement: ExpressibleByArgument {}

extension CounterChoice: ExpressibleByArgument {}
