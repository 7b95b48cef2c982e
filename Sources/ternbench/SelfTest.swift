import ArgumentParser
import Bench
import Foundation
import MPGEMM
import Machine
import Results
import Statistics

/// `ternbench selftest`.
struct SelfTest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Compares kernels with themselves, to see what verdicts are worth on this machine.",
    discussion: """
      Example: ternbench selftest --comparisons 200

      Each kernel takes turns with itself on other memory, which must not be FASTER or SLOWER, and \
      with itself slowed down by a tenth, which must be found. Exits with 1 if more verdicts are \
      wrong, or fewer are clear, than the documentation promises.
      """)

  @OptionGroup var selection: KernelSelection

  @Option(help: "How many comparisons of a kernel with itself, at least.")
  var comparisons = 200

  @Option(
    help: ArgumentHelp("The shape to compare on.", valueName: "MxNxK"),
    transform: TargetSelection.parseShape)
  var shape = Shape(outFeatures: 2560, tokens: 1, inFeatures: 2560)

  @Option(help: "Numbers of threads, separated by commas; all: every processor there is.")
  var threads = ThreadList([1])

  @Option(help: "hot or cold, or both, separated by a comma.")
  var cache = CacheList([.hot, .cold])

  @Option(help: "Seconds of measured time for each kernel, at least.")
  var minTime = SweepOptions.defaultMinTime

  @Option(help: "The noise to sample for: half the median's 95 % interval, as a share of it.")
  var maxNoise = SweepOptions.defaultMaxNoise

  @Option(help: "What all data and the order of turns are made from.")
  var seed: UInt64 = 1

  @OptionGroup var effect: EffectOption

  @Flag(help: "Prints every comparison as CSV instead of the summary.")
  var csv = false

  @Flag(help: "Measures even if the program was built without optimisation.")
  var allowDebugBuild = false

  func validate() throws {
    guard !cache.regimes.contains(.ring) else {
      throw ValidationError("--cache ring: compares kernels on a shape, so hot or cold")
    }
    guard comparisons > 0, minTime > 0, maxNoise > 0 else {
      throw ValidationError("--comparisons, --min-time and --max-noise: above 0")
    }
  }

  func run() throws {
    try BuildConfiguration.requireRelease(unless: allowDebugBuild)
    var options = SweepOptions(
      kernels: try selection.runnableKernels(),
      targets: [
        Target(
          outFeatures: shape.outFeatures, inFeatures: shape.inFeatures, tokens: shape.tokens,
          zeroDensity: Target.unknownZeroDensity)
      ], threads: threads.counts(usable: Topology.read().usableThreads), caches: cache.regimes,
      minTime: minTime, seed: seed)
    options.maxNoise = maxNoise
    let line = ProgressLine()
    let findings = VerdictTest(options, comparisons: comparisons).run { made in
      line.show("selftest \(made)/\(comparisons)")
    }
    line.clear()
    guard !findings.isEmpty else {
      throw Failure.usage("no kernel here is fast enough to be compared; see --shape")
    }
    if csv {
      Console.print(lines(findings))
    } else {
      Console.print(try summary(findings))
    }
    let broken = promises(findings).filter { !$0.isKept }
    for promise in broken { Console.note("not kept: \(promise.text)") }
    if !broken.isEmpty { throw ExitCode.failure }
  }

  /// What is promised of verdicts, and whether the findings keep it.
  private func promises(_ findings: [VerdictTest.Finding]) -> [(text: String, isKept: Bool)] {
    func count(_ partner: VerdictTest.Partner, _ verdict: RatioVerdict) -> Int {
      findings.count(partner, verdict, minEffect: effect.minEffect)
    }
    func share(_ part: Int, _ whole: Int) -> Double { Double(part) / Double(max(whole, 1)) }
    func text(_ part: Int, _ whole: Int, _ rest: String) -> String {
      String(format: "%d of %d (%.1f %%) ", part, whole, 100 * share(part, whole)) + rest
    }
    let same = findings.count { $0.partner == .itself }
    let (wrong, clear) = (count(.itself, .faster) + count(.itself, .slower), count(.itself, .same))
    let slowed = findings.count { $0.partner == .slowed }
    let found = count(.slowed, .faster)
    let far = findings.farApart(minEffect: effect.minEffect)
    return [
      (
        text(wrong, same, "FASTER or SLOWER than themselves; at most 5 %"),
        share(wrong, same) <= 0.05
      ),
      (text(clear, same, "the SAME as themselves; at least 50 %"), share(clear, same) >= 0.5),
      (
        text(found, slowed, "FASTER than with a delay of 10 %; at least 95 %"),
        share(found, slowed) >= 0.95
      ),
      (
        text(
          far.unsure, far.pairs, "UNSURE of pairs whose medians differ by over 10 %; at most 20 %"),
        share(far.unsure, far.pairs) <= 0.2
      ),
    ]
  }

  private func summary(_ findings: [VerdictTest.Finding]) throws -> String {
    var listing = Listing(["compared with", "number"] + RatioVerdict.allCases.map(\.rawValue))
    for partner in VerdictTest.Partner.allCases {
      let counts = RatioVerdict.allCases.map {
        findings.count(partner, $0, minEffect: effect.minEffect)
      }
      listing.add(
        [.text(partner.rawValue), .number(counts.reduce(0, +))] + counts.map { .number($0) })
    }
    return try listing.text(.table) + "\n\n"
      + promises(findings).map { "\($0.isKept ? "well" : "NOT KEPT"): \($0.text)" }
      .joined(separator: "\n")
  }

  private func lines(_ findings: [VerdictTest.Finding]) -> String {
    let header = [
      "kernel", "partner", "partner_kernel", "cache", "ratio", "ratio_ci_low", "ratio_ci_high",
      "ratio_of_medians", "verdict",
    ]
    let rows = findings.map { finding in
      [
        finding.kernel, finding.partner.rawValue, finding.partnerKernel, finding.cache,
        finding.ratio.value.cell, (finding.ratio.interval?.low).cell,
        (finding.ratio.interval?.high).cell, finding.ratioOfMedians.cell,
        finding.ratio.verdict(minEffect: effect.minEffect).rawValue,
      ]
    }
    return ([header] + rows).map { CSV.line($0) }.joined().trimmingCharacters(in: .newlines)
  }
}
