import ArgumentParser
import MPGEMM
import Models

/// The options that choose kernels, the same for every subcommand.
struct KernelSelection: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Kernels whose name this regular expression matches.",
      discussion: "It is searched for: '^i2s_' means all of a family.", valueName: "regex"))
  var kernel: String?

  @Option(
    name: .long,
    help: ArgumentHelp("A shared library with further kernels; may be repeated.", valueName: "file")
  )
  var plugin: [String] = []

  /// The kernels that match, built-in ones first.
  ///
  /// - Throws: `Failure` if the expression is malformed or matches nothing, `KernelError` if a
  ///   plug-in cannot be used.
  func kernels() throws -> [Kernel] {
    var all = Kernel.all
    for path in plugin {
      let loaded = try Kernel.plugin(at: path)
      let taken = Set(all.map(\.name))
      if let twice = loaded.first(where: { taken.contains($0.name) }) {
        throw KernelError.duplicateName(twice.name)
      }
      all += loaded
    }
    guard let kernel else { return all }
    let regex: Regex<AnyRegexOutput>
    do {
      regex = try Regex(kernel)
    } catch {
      throw Failure.usage(
        "--kernel '\(kernel)': not a regular expression: \(error); quote a plain name as '^NAME$'")
    }
    let matching = all.filter { $0.name.firstMatch(of: regex) != nil }
    guard !matching.isEmpty else {
      let plain = kernel.filter { $0.isLetter || $0.isNumber || $0 == "_" }
      let nearest = nearestName(to: plain, in: all.map(\.name))
      let remedy = nearest.map { "; the nearest is \($0)" } ?? ""
      throw Failure.usage(
        "--kernel '\(kernel)': no kernel matches\(remedy); see ternbench list kernels")
    }
    return matching
  }

  /// The kernels that match and that this CPU can run.
  ///
  /// - Throws: As `kernels()`, and `Failure` with exit code 6 if the CPU can run none.
  func runnableKernels() throws -> [Kernel] {
    let matching = try kernels()
    let runnable = matching.filter(\.isRunnable)
    if runnable.isEmpty, let first = matching.first {
      throw Failure(
        message: "none of the chosen kernels can run: \(first.name) needs "
          + "\(first.missingISA.names.joined(separator: ", ")), which this CPU lacks; "
          + "see ternbench list kernels",
        exitCode: Exit.nothingToRun)
    }
    return runnable
  }
}
