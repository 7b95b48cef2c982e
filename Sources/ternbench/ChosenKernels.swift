import Bench
import Decoder
import Foundation
import MPGEMM
import Models

/// The kernels of a model's linear layers, and how they were chosen.
struct ChosenKernels {
  let choice: any KernelChoice
  /// The one kernel of every layer; nil where a table chooses.
  let single: Kernel?
  /// Why `auto` is the default kernel; nil where a table or the user chose.
  let note: String?

  /// What decides sizes in memory: the one kernel, or the default one.
  let representative: Kernel

  /// A kernel's name, or `auto`.
  var name: String { single?.name ?? "auto" }

  /// The kernels in words, by layer type where they differ.
  func description(of configuration: Configuration) -> String {
    if let single { return single.name + (note.map { " (\($0))" } ?? "") }
    guard let tuned = choice as? TunedKernels else { return name }
    return "auto, by the tuning table: \(tuned.description(of: configuration.linearSteps))"
  }

  /// The layouts of the packed weights, each once.
  func layouts(of configuration: Configuration) -> String {
    var layouts: [String] = []
    for step in configuration.linearSteps {
      let layout = choice.kernel(for: step, tokens: 1).layout
      if !layouts.contains(layout) { layouts.append(layout) }
    }
    return layouts.joined(separator: " ")
  }
}

extension RunningOptions {
  /// The kernel that was named, or those that `auto` stands for: the tuning table's, or the default.
  ///
  /// - Parameters:
  ///   - loads: What will be run.
  ///   - threads: How many multiply.
  /// - Returns: The kernels, and how they were chosen.
  /// - Throws: `Failure` for a kernel that is unknown or of no use here.
  func chosenKernels(for loads: [TunedKernels.Load], threads: Int) throws -> ChosenKernels {
    let kernel = try chosenKernel()
    guard self.kernel == "auto" else {
      return ChosenKernels(choice: kernel, single: kernel, note: nil, representative: kernel)
    }
    func standard(_ reason: String) -> ChosenKernels {
      ChosenKernels(
        choice: kernel, single: kernel, note: "the default, \(reason)", representative: kernel)
    }
    guard let cache = TuningCache(environment: ProcessInfo.processInfo.environment) else {
      return standard("since neither XDG_CACHE_HOME nor HOME says where a tuning table may be")
    }
    switch cache.read(.current(version: Ternbench.version)) {
    case .nothing:
      return standard("since nothing is tuned here: ternbench tune --model SLUG measures")
    case .ignored(let reason):
      Console.note(
        "tuning table \(cache.path): ignored, since \(reason); ternbench tune replaces it")
      return standard("since the tuning table was ignored")
    case .table(let table):
      guard table.entries.contains(where: { $0.threads == threads }) else {
        return standard(
          "since the tuning table has no times of \(threads) threads: "
            + "ternbench tune --threads \(threads) measures")
      }
      return ChosenKernels(
        choice: TunedKernels(
          table, from: Kernel.all.filter(\.isForDecoding), fallback: kernel, loads: loads,
          threads: threads), single: nil, note: nil, representative: kernel)
    }
  }
}

extension Kernel {
  /// Whether `auto` may choose it: it runs here, and changes no token.
  var isForDecoding: Bool {
    isRunnable && isLossless && weights == .ternary && activation == .int8
  }
}
