import Foundation
import Results
import Testing

@testable import Report

/// What the page says of whole models.
@Suite struct RingPageTests {
  private static let threads = 2
  private static let tokens = 4

  /// A kernel's pass of so many seconds, sampled twelve times in turns with the others.
  private func run(_ kernels: [(name: String, seconds: Double)]) throws -> Run {
    var rows: [KernelRow] = []
    var samples: [SampleRow] = []
    for (name, seconds) in kernels {
      var row = KernelRow(
        run: "made", kernel: name, family: name, layout: name, isa: "avx2", bitsPerWeight: 2,
        lossless: true, model: "2b-4t", layer: "ring", outFeatures: 800, inFeatures: 100,
        tokens: Self.tokens, threads: Self.threads, cache: .ring, status: .ok)
      row.timeSeconds = seconds
      row.timeMdAPE = 0.01
      (row.timeLowSeconds, row.timeHighSeconds) = (0.9 * seconds, 1.1 * seconds)
      (row.quantizeSeconds, row.prepareSeconds) = (0.04 * seconds, 0.06 * seconds)
      row.computeSeconds = 0.9 * seconds
      (row.qkvSeconds, row.oSeconds) = (0.1 * seconds, 0.2 * seconds)
      (row.gateUpSeconds, row.downSeconds) = (0.4 * seconds, 0.2 * seconds)
      row.samples = 12
      row.maxAbsError = 0
      row.packedBytes = 20000
      row.readGBPerSecond = 20000 / (0.5 * seconds) / 1e9
      row.distinctLayers = 3
      rows.append(row)
    }
    for repetition in 0..<12 {
      for (name, seconds) in kernels {
        let time = seconds * (1 + 0.001 * Double(repetition % 3))
        samples.append(
          SampleRow(
            run: "made", kernel: name, model: "2b-4t", layer: "ring", outFeatures: 800,
            inFeatures: 100, tokens: Self.tokens, threads: Self.threads, cache: .ring,
            repetition: repetition, order: samples.count, quantizeSeconds: 0, prepareSeconds: 0,
            computeSeconds: time, timeSeconds: time, iterations: 1))
      }
    }
    let environment = try Fixture.run().environment
    return Run(environment: environment, kernels: rows, ceilings: [], samples: samples)
  }

  @Test func aPassIsATableOfItsOwn() throws {
    let report = RunReport(try run([("slow", 0.08), ("quick", 0.04)]))
    #expect(report.subjects.isEmpty, "a ring is no layer of a model")
    let page = report.page
    #expect(page.contains("### 2b-4t, prefill of 4, 2 threads"))
    let lines = page.split(separator: "\n").map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    // 40 ms for 4 tokens are 10 ms a token and 100 tokens/s.
    #expect(
      lines.contains([
        "quick", "yes", "10.0 ± 1.0%", "9.00 to 11.0", "100", "0.000500 (50%)", "-", "10%", "20%",
        "40%", "20%", "10%", "3", "1",
      ]))
    let slow = try #require(lines.first { $0.first == "slow" })
    #expect(slow[2] == "20.0 ± 1.0%" && slow[4] == "50.0")
    #expect(slow.last?.hasPrefix("0.5") == true && slow.last?.hasSuffix("SLOWER") == true)
    #expect(!page.contains("Nothing of this model was run"))
    #expect(!page.contains("No case was measured"))
  }

  @Test func twoRunsOfARingAreCompared() throws {
    let comparison = RunComparison(try run([("one", 0.04)]), try run([("one", 0.08)]))
    #expect(comparison.rows.count == 1 && comparison.slower == 1)
  }
}
