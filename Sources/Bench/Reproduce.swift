internal import MPGEMM
internal import Machine
internal import Results

/// The one-line command that measures a row again.
enum Reproduce {
  static func bench(_ kernel: Kernel, _ sweepCase: SweepCase, _ options: SweepOptions) -> String {
    let plugins = options.plugins.map { " --plugin \($0)" }.joined()
    let memory = options.memory == .firstTouch ? "" : " --numa \(options.memory.rawValue)"
    let counting = options.counters.replacesTiming ? "--in-process --counters plugin" : ""
    return [
      "ternbench bench\(plugins) --kernel '^\(kernel.name)$'", target(sweepCase),
      "--threads \(sweepCase.threads)", "--cache \(sweepCase.cache.rawValue)",
      "--min-time \(options.minTime)",
      options.maxTime.map { "--max-time \($0)" } ?? "", "--max-noise \(options.maxNoise)",
      "--zero-density \(sweepCase.target.zeroDensity)",
      "--seed \(options.seed)", counting,
    ].filter { !$0.isEmpty }.joined(separator: " ") + memory
  }

  private static func target(_ sweepCase: SweepCase) -> String {
    sweepCase.target.ring == nil
      ? "--shape \(sweepCase.shape)"
      : "--model \(sweepCase.target.model) --tokens \(sweepCase.tokens)"
  }
}
