import Foundation
import Results
import Statistics
import Testing

@testable import Report

/// A run of one bare shape, made of what each kernel takes hot and cold.
enum MadeRun {
  struct Kernel {
    let name: String
    let bits: Double
    /// Seconds by cache regime.
    let seconds: [CacheRegime: Double]
  }

  /// Samples differ by the share `noise`; kernels take turns within their group.
  static func run(
    _ kernels: [Kernel], noise: Double = 0.005, samples count: Int = 12, groups: Int = 1,
    readGBPerSecond: Double? = nil
  ) throws -> Run {
    var rows: [KernelRow] = []
    var samples: [SampleRow] = []
    var random = SystemLike(state: 42)
    for cache in CacheRegime.allCases {
      for group in 0..<groups {
        let members = kernels.indices.filter { $0 % groups == group }.map { kernels[$0] }
          .filter { $0.seconds[cache] != nil }
        for kernel in members {
          var row = KernelRow(
            run: "made", kernel: kernel.name, family: kernel.name, layout: kernel.name, isa: "avx2",
            bitsPerWeight: kernel.bits, lossless: true, model: "", layer: "", outFeatures: 64,
            inFeatures: 64, tokens: 1, threads: 1, cache: cache, status: .ok)
          row.timeSeconds = kernel.seconds[cache]
          row.samples = count
          row.maxAbsError = 0
          row.packedBytes = Int(64 * 64 * kernel.bits / 8)
          row.readGBPerSecond = readGBPerSecond
          rows.append(row)
        }
        for repetition in 0..<count {
          for kernel in members {
            let seconds = (kernel.seconds[cache] ?? 0) * (1 + noise * random.next())
            samples.append(
              SampleRow(
                run: "made", kernel: kernel.name, model: "", layer: "", outFeatures: 64,
                inFeatures: 64, tokens: 1, threads: 1, cache: cache, repetition: repetition,
                order: samples.count, quantizeSeconds: 0, prepareSeconds: 0,
                computeSeconds: seconds, timeSeconds: seconds, iterations: 1))
          }
        }
      }
    }
    var environment = try Fixture.run().environment
    environment.run = "made"
    environment.models = []
    return Run(environment: environment, kernels: rows, ceilings: [], samples: samples)
  }

  /// Values from -1 to 1.
  struct SystemLike {
    var state: UInt64

    mutating func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 52) - 1
    }
  }
}

@Suite struct VerdictTests {
  private func comparison(_ run: Run) throws -> Comparison {
    let subject = try #require(Subject.all(in: run, minEffect: 0.03).first)
    return try #require(subject.comparisons.first)
  }

  @Test func kernelsThatTookTurnsAreJudged() throws {
    let run = try MadeRun.run([
      .init(name: "quick", bits: 2, seconds: [.cold: 1e-4]),
      .init(name: "even", bits: 2, seconds: [.cold: 1.005e-4]),
      .init(name: "slow", bits: 2, seconds: [.cold: 1.1e-4]),
    ])
    let comparison = try comparison(run)
    let slow = try #require(comparison.entries.last)
    let fastest = try #require(comparison.fastest)
    #expect(comparison.speedUp(of: slow, over: fastest)?.verdict() == .slower)
    #expect(comparison.speedUp(of: fastest, over: slow)?.verdict() == .faster)
    #expect(comparison.rivals.map(\.kernel) == ["even"])
    let page = RunReport(run).page
    #expect(page.contains("SLOWER") && page.contains("SAME"))
    // What is no difference at a wider limit is not called one.
    #expect(!RunReport(run, minEffect: 0.2).page.contains("SLOWER |"))
  }

  /// A ratio of kernels that did not take turns is printed, and nothing is claimed.
  @Test func otherGroupsAreUnsure() throws {
    let kernels: [MadeRun.Kernel] = [
      .init(name: "quick", bits: 2, seconds: [.cold: 1e-4]),
      .init(name: "slow", bits: 2, seconds: [.cold: 5e-4]),
    ]
    let comparison = try comparison(MadeRun.run(kernels, groups: 2))
    let ratio = try #require(
      comparison.speedUp(of: comparison.entries[1], over: comparison.entries[0]))
    #expect(abs(ratio.value - 0.2) < 1e-6)
    #expect(ratio.interval == nil && ratio.verdict() == .unsure)
  }

  @Test func singleSamplesAreUnsure() throws {
    let kernels: [MadeRun.Kernel] = [
      .init(name: "quick", bits: 2, seconds: [.cold: 1e-4]),
      .init(name: "slow", bits: 2, seconds: [.cold: 5e-4]),
    ]
    let comparison = try comparison(MadeRun.run(kernels, samples: 1))
    let ratio = comparison.speedUp(of: comparison.entries[1], over: comparison.entries[0])
    #expect(ratio?.verdict() == .unsure)
  }

  /// A 2-bit kernel is ahead in the cache, a 1.6-bit kernel from memory.
  @Test func flipsAreShown() throws {
    let run = try MadeRun.run([
      .init(name: "two_bits", bits: 2, seconds: [.hot: 1e-4, .cold: 2.4e-4]),
      .init(name: "less_bits", bits: 1.6, seconds: [.hot: 2e-4, .cold: 2e-4]),
    ])
    let flips = RunReport(run).flips
    #expect(flips.contains("two_bits") && flips.contains("less_bits"))
    #expect(flips.components(separatedBy: "FASTER").count == 2 + 2)
    // Winners that differ are shown with what is sure of them.
    let close = try MadeRun.run([
      .init(name: "two_bits", bits: 2, seconds: [.hot: 1e-4, .cold: 2.01e-4]),
      .init(name: "less_bits", bits: 1.6, seconds: [.hot: 2e-4, .cold: 2e-4]),
    ])
    #expect(RunReport(close).flips.contains("SAME"))
    let none = try MadeRun.run([
      .init(name: "two_bits", bits: 2, seconds: [.hot: 1e-4, .cold: 1e-4]),
      .init(name: "less_bits", bits: 1.6, seconds: [.hot: 2e-4, .cold: 2e-4]),
    ])
    #expect(RunReport(none).flips.contains("They do not"))
  }

  /// 1 KiB in 1e-4 s is 0.01 GB/s.
  @Test func rowsAboveTheCeilingAreErrors() throws {
    let kernel = MadeRun.Kernel(name: "quick", bits: 2, seconds: [.cold: 1e-4])
    let possible = try RunReport(MadeRun.run([kernel], readGBPerSecond: 0.0103)).impossible
    #expect(possible.contains("No row's interval"))
    let impossible = try RunReport(MadeRun.run([kernel], readGBPerSecond: 0.0099)).impossible
    #expect(impossible.contains("A measuring error") && impossible.contains("quick"))
  }
}

@Suite struct RunComparisonTests {
  private func run(_ seconds: Double, others: Double = 2e-4) throws -> Run {
    try MadeRun.run([
      .init(name: "changed", bits: 2, seconds: [.cold: seconds]),
      .init(name: "kept", bits: 2, seconds: [.cold: others]),
    ])
  }

  @Test func rowsAreJudged() throws {
    let comparison = RunComparison(try run(1e-4), try run(1.1e-4))
    #expect(comparison.isOneMachine && comparison.slower == 1)
    #expect(comparison.count(.same) == 1)
    #expect(comparison.page.contains("1 SLOWER") && comparison.page.contains("| changed |"))
    #expect(!comparison.page.contains("| kept "))
    let lines = comparison.csv.split(separator: "\n")
    #expect(lines.count == 3 && lines[1].hasSuffix(",SLOWER"))
    #expect(RunComparison(try run(1.1e-4), try run(1e-4)).count(.faster) == 1)
  }

  /// changed against kept: faster before, slower after; then within noise of each other.
  @Test func verdictsBetweenKernelsAreCompared() throws {
    let before = try run(1e-4)
    #expect(RunComparison(before, try run(3e-4)).agreement.agreeing == 0)
    #expect(RunComparison(before, try run(1.1e-4)).agreement.equal == 1)
    let unsure = try MadeRun.run(
      [
        .init(name: "changed", bits: 2, seconds: [.cold: 1e-4]),
        .init(name: "kept", bits: 2, seconds: [.cold: 1.03e-4]),
      ], noise: 0.2)
    #expect(RunComparison(before, unsure).agreement.unsure == 1)
  }

  @Test func machinesAreNotCompared() throws {
    let here = try run(1e-4)
    var environment = here.environment
    environment.host = "elsewhere"
    let there = Run(
      environment: environment, kernels: here.kernels, ceilings: [], samples: here.samples)
    let comparison = RunComparison(here, there)
    #expect(!comparison.isOneMachine && comparison.slower == 0)
    #expect(comparison.page.contains("Different machines"))
    #expect(!comparison.csv.contains("ratio") && !comparison.page.contains("SAME"))
  }

  /// 64 × 64 in 0.1 ms are 0.08192 GOP/s: at 2 GHz 0.04096 for each, and unknown without a clock.
  @Test func machinesAreSetAgainstWhatTheyCanDo() throws {
    let here = try run(1e-4)
    var (environment, kernels) = (here.environment, here.kernels)
    environment.host = "elsewhere"
    environment.processor.gigahertz = .value(2)
    for index in kernels.indices {
      (kernels[index].ceiling, kernels[index].ceilingSeconds) = ("made", 5e-5)
    }
    let there = Run(
      environment: environment, kernels: kernels, ceilings: [], samples: here.samples)
    let comparison = RunComparison(here, there)
    let line = comparison.page.split(separator: "\n").first { $0.hasPrefix("| changed ") }
    let cells = line?.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(cells?.suffix(6) == ["-", "-", "-", "-", "50% of made", "0.0410"], "\(line ?? "")")
    #expect(comparison.page.contains("second 2.00 GHz"))
    #expect(comparison.csv.contains(",made,50.0,0.04096"), "\(comparison.csv)")
  }
}
