import Foundation
import Results
import Testing

@testable import Report

/// The Energy section of the fixture's run, with energies made by hand added to it.
@Suite struct EnergySectionTests {
  /// Of decoding layers q and k of 2b-4t, each 30 times: nanojoules of arithmetic and of memory, both of q; k takes a fourth.
  private static let modelled:
    [(kernel: String, arithmetic: ClosedRange<Double>, memory: Double?)] =
      [
        ("float_blocked_avx2", 12000...12000, 4_000_000),
        ("float_f16_avx2", 6000...8000, 2_000_000),
        ("i2s_avx2", 1000...2000, 250_000), ("i2s_avx512", 1000...1500, 250_000),
        ("tl1_lossy_avx2", 800...1600, nil),
      ]

  private static func run() throws -> Run {
    var run = try Fixture.run()
    for (layer, rows, share) in [("q", 2560, 1.0), ("k", 640, 0.25)] {
      for (kernel, arithmetic, memory) in modelled {
        for (node, factor) in [("7nm", share), ("45nm", share * 10)] {
          var row = EnergyRow(
            run: run.environment.run, kernel: kernel, model: "2b-4t", layer: layer, layerCount: 30,
            outFeatures: rows, inFeatures: 2560, tokens: 1, cache: .cold, node: node)
          row.macs = rows * 2560
          row.arithmeticJoulesLeast = arithmetic.lowerBound * factor * 1e-9
          row.arithmeticJoulesMost = arithmetic.upperBound * factor * 1e-9
          row.arithmeticSource = "modelled: \(node) adds and products"
          (row.sramJoulesLeast, row.sramJoulesMost) = (memory.map { _ in 0 }, memory.map { _ in 0 })
          (row.dramJoulesLeast, row.dramJoulesMost) =
            (memory.map { $0 * factor * 1e-9 }, memory.map { $0 * factor * 1e-9 })
          row.dramSource = memory == nil ? "" : "modelled: \(node) DRAM"
          row.reason = memory == nil ? "no memory is large enough" : ""
          #expect(row.inconsistency == nil)
          run.energy.append(row)
        }
      }
    }
    return measured(run)
  }

  /// Two kernels with joules, one that the meter could not measure, and the rest as they are.
  private static func measured(_ run: Run) -> Run {
    with(
      run.kernels.map { row in
        var row = row
        switch row.kernel {
        case "float_blocked_avx2", "i2s_avx2":
          row.energyMeasuredJoules = row.timeSeconds.map { 10 * $0 }
          row.energyGrossJoules = row.timeSeconds.map { 15 * $0 }
          row.idleWatts = 5
          row.energySource = "rapl: package-0 + dram"
        case "i2s_avx512": row.energyReason = "the kernel was not run"
        case "float_f16_avx2": row.energyReason = "the counter did not advance"
        default: break
        }
        return row
      }, in: run)
  }

  private static func with(_ kernels: [KernelRow], in run: Run) -> Run {
    var changed = Run(
      environment: run.environment, kernels: kernels, ceilings: run.ceilings, samples: run.samples)
    changed.energy = run.energy
    return changed
  }

  /// To accept a changed section, copy the file that the failure names over the golden one.
  @Test func theSectionIsTheGoldenOne() throws {
    let section = RunReport(try Self.run()).energy
    if try section != Fixture.golden("energy.md") {
      let actual = FileManager.default.temporaryDirectory.path + "/ternbench-energy.md"
      try AtomicFile.write(section, to: actual)
      Issue.record("the section differs from energy.md: diff it with \(actual)")
    }
  }

  /// By hand: 30 × 1.25 times the energy of q, in µJ, and 10 W for the 4.8 ms that a token takes.
  @Test func theFiguresAreTheDefinitions() throws {
    let section = RunReport(try Self.run()).energy
    let lines = section.split(separator: "\n").filter { $0.hasPrefix("| i2s_avx2 ") }
    let cells = try #require(lines.first).split(separator: "|").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    // float32: 4012 over 252 and 251; float16: 2006 over 252, 2008 over 251.
    let expected = [
      "i2s_avx2", "37.5 – 75.0", "9380", "9410 – 9450", "15.9 – 16.0", "7.96 – 8.00", "0.0480",
    ]
    #expect(cells == expected)
  }

  /// Without a row of kernels.csv, and with no meter anywhere, a missing joule has its reason.
  @Test func noMeasurementIsMissingWithoutAReason() throws {
    let run = try Self.run()
    let lacking = Self.with(run.kernels.filter { $0.kernel != "i2s_avx512" }, in: run)
    #expect(
      RunReport(lacking).energy.contains("- Not measured: kernels.csv has no row of the kernel"))
    let section = RunReport(Self.with([], in: run)).energy
    #expect(section.contains("- Not measured: kernels.csv has no row of the kernel"))
    #expect(!section.contains("- Measured:") && !section.contains("measured, J/token"))
  }

  /// A figure that came without its source is refused where the run is read and written.
  @Test func aFigureWithoutItsSourceIsRefused() throws {
    var row = try #require(Self.run().energy.first)
    row.dramSource = ""
    #expect(row.inconsistency?.contains("dram_source") == true)
    row.dramSource = "a meter"
    #expect(row.inconsistency != nil)
    row.arithmeticSource = ""
    #expect(row.inconsistency?.contains("arithmetic_source") == true)
    var kernel = try #require(Self.run().kernels.first { $0.energyMeasuredJoules != nil })
    #expect(kernel.inconsistency == nil)
    kernel.energySource = ""
    #expect(kernel.inconsistency?.contains("energy_source") == true)
  }
}
