import Foundation
import Results
import Testing

@testable import Report

/// Counts of several machines side by side, and a page of an emulated run.
@Suite struct CountsPageTests {
  private struct Counted {
    let name: String
    /// By stage.
    let instructions: [String: Double]
    var loads: Double? = 64
  }

  /// A run of 64 × 64 weights that counted every kernel on one token.
  private func run(
    _ name: String, on processor: String, _ architecture: String, source: String,
    _ kernels: [Counted]
  ) throws -> Run {
    let isEmulated = source == "plugin"
    var rows: [KernelRow] = []
    var counters: [CounterRow] = []
    for kernel in kernels {
      var row = KernelRow(
        run: name, kernel: kernel.name, family: String(kernel.name.prefix { $0 != "_" }),
        layout: "made", isa: "made", bitsPerWeight: 2, lossless: true, model: "", layer: "",
        outFeatures: 64, inFeatures: 64, tokens: 1, threads: 1, cache: .hot,
        status: isEmulated ? .emulated : .ok, reason: isEmulated ? "emulated: no times" : "")
      row.maxAbsError = 0
      if !isEmulated { (row.timeSeconds, row.samples) = (1e-6, 1) }
      rows.append(row)
      for (stage, count) in kernel.instructions.sorted(by: { $0.key < $1.key }) {
        counters.append(
          CounterRow(of: row, source: source, stage: stage, event: "instructions", value: count))
      }
      counters.append(
        CounterRow(
          of: row, source: source, stage: "compute", event: "loads", value: kernel.loads,
          reason: kernel.loads == nil ? "made up" : ""))
    }
    var environment = try Fixture.run().environment
    environment.run = name
    environment.models = []
    environment.processor.model = .value(processor)
    environment.system.architecture = architecture
    if isEmulated { environment.system.emulator = .value(processor) }
    return Run(environment: environment, kernels: rows, ceilings: [], counters: counters)
  }

  private func emulated(_ cpu: String, _ kernels: [Counted]) throws -> Run {
    try run(
      "run-\(cpu)", on: "\(cpu), emulated by qemu-aarch64", "aarch64", source: "plugin", kernels)
  }

  private func cells(_ page: String) -> [[String]] {
    page.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  /// 512 of 64 × 64 are 0.125 a weight; quantizing takes as many again.
  private let i2s = Counted(name: "i2s_neon", instructions: ["compute": 512, "quantize": 512])

  @Test func anEmulatedRunHasCountsAndNoSpeeds() throws {
    let report = RunReport(try emulated("a72", [i2s]))
    let page = report.page
    #expect(page.contains("**Emulated**: a72, emulated by qemu-aarch64"))
    #expect(
      cells(page).contains([
        "i2s_neon", "aarch64, a72, emulated by qemu-aarch64", "emulated", "exact", "2.00", "0.125",
        "0.0156", "0.250", "0.0156",
      ]), "\(page)")
    for word in ["GOP/s", "ms/token", "Roofline", "ceiling", "perhaps as fast", "measured in"] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(report.headline.hasPrefix("Only counted"))
    #expect(report.rooflines.files.isEmpty)
  }

  @Test func whatWasNotCountedHasItsReason() throws {
    let kernel = Counted(name: "i2s_neon", instructions: ["compute": 512], loads: nil)
    let page = RunReport(try emulated("a72", [kernel])).page
    #expect(page.contains("- plugin, loads, 1 time: made up"))
    #expect(
      cells(page).contains {
        $0.first == "i2s_neon" && $0.suffix(4) == ["0.125", "-", "0.125", "-"]
      })
  }

  /// One row for what two CPUs of an architecture count alike, one each for what they do not.
  @Test func runsOfSeveralMachinesAreOneTable() throws {
    let sve = { (count: Double) in Counted(name: "i2s_sve", instructions: ["compute": count]) }
    let page = try #require(
      CountsPage([
        run(
          "x86", on: "EPYC", "x86_64", source: "step",
          [Counted(name: "tl2_avx2", instructions: ["compute": 1024]), i2s]),
        emulated("a72", [i2s]), emulated("max1", [i2s, sve(400)]),
        emulated("max2", [i2s, sve(200)]),
      ])
    ).markdown
    #expect(
      cells(page).dropFirst(2).map { Array($0[...2]) } == [
        ["tl2_avx2", "x86_64, EPYC", "single-stepped"],
        ["i2s_neon", "x86_64, EPYC", "single-stepped"],
        ["i2s_neon", "aarch64, a72, emulated by qemu-aarch64", "emulated"],
        ["i2s_sve", "aarch64, max1, emulated by qemu-aarch64", "emulated"],
        ["i2s_sve", "aarch64, max2, emulated by qemu-aarch64", "emulated"],
      ])
    #expect(page.contains("run `run-max2`, commit ") && page.contains("compiled by "))
  }

  @Test func comparingMachinesShowsBothCountsAndNoRatio() throws {
    let x86 = try run("x86", on: "EPYC", "x86_64", source: "step", [i2s])
    let comparison = RunComparison(x86, try emulated("a72", [i2s]))
    let page = comparison.page
    #expect(page.contains("No case was measured in both runs."))
    #expect(page.contains("0 rows measured, 1 emulated"))
    #expect(cells(page).count { $0.first == "i2s_neon" } == 2)
    #expect(!page.contains("× first") && comparison.slower == 0)
  }

  @Test func runsWithoutExactCountsHaveNoPage() throws {
    #expect(CountsPage([try Fixture.run()]) == nil)
    let papi = try run("x86", on: "EPYC", "x86_64", source: "papi", [i2s])
    #expect(CountsPage([papi]) == nil)
  }
}
