import Foundation
import Results
import Testing

@testable import Report

/// What the page says of ceilings and counts; its other parts are in the golden page.
@Suite struct CeilingPageTests {
  /// The fixture's run, in which an instruction binds every row at a share of its time.
  private func page(
    share: Double, _ counters: (KernelRow) -> [CounterRow] = { _ in [] }
  ) throws -> String {
    let run = try Fixture.run()
    let rows = run.kernels.map { row in
      var row = row
      guard row.status == .ok, let seconds = row.timeSeconds else { return row }
      row.ceiling = "vpshufb_ymm"
      row.ceilingSeconds = share * seconds
      return row
    }
    let counted = try #require(rows.first { $0.kernel == "i2s_avx2" && $0.status == .ok })
    return RunReport(
      Run(
        environment: run.environment, kernels: rows, ceilings: run.ceilings, samples: run.samples,
        counters: counters(counted))
    ).page
  }

  /// The cells of the lines that begin with a cell.
  private func cells(_ page: Substring, of name: String) -> [[String]] {
    page.split(separator: "\n").map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }.filter { $0.first == name }
  }

  @Test func eachRowNamesTheCeilingThatBindsIt() throws {
    let page = try page(share: 0.25)
    let table = try #require(page.range(of: "Percentage of the ceiling that binds"))
    let line = try #require(cells(page[table.upperBound...], of: "i2s_avx2").first)
    #expect(line == ["i2s_avx2", "25% vpshufb_ymm", "25% vpshufb_ymm", "25%"])
    #expect(page.contains("No row's interval lies above its ceiling."))
  }

  @Test func aRowAboveItsCeilingIsAnErrorOfMeasuring() throws {
    let page = try page(share: 1.5)
    let heading = try #require(page.range(of: "## Above the ceiling"))
    let lines = cells(page[heading.upperBound...], of: "i2s_avx2")
    #expect(lines.contains { $0.last == "vpshufb_ymm" }, "\(lines)")
  }

  @Test func countsAreShownWithWhatFollowsFromThem() throws {
    let page = try page(share: 0.25) { row in
      let values = ["instructions": 13_107_200.0, "cycles": 6_553_600.0, "l3_misses": 1000.0]
      let total = values.sorted { $0.key < $1.key }.map { event, value in
        CounterRow(of: row, source: "papi", stage: "all", event: event, value: value)
      }
      return total + [
        CounterRow(
          of: row, source: "papi", stage: "all", event: "instructions", thread: 0, value: 1),
        CounterRow(
          of: row, source: "papi", stage: "all", event: "branch_misses", value: nil,
          reason: "not counting"),
      ]
    }
    let heading = try #require(page.range(of: "## Counters"))
    let line = try #require(cells(page[heading.upperBound...], of: "i2s_avx2").first)
    // 2 a weight, 2 a cycle, 1638400 bytes in 6553600 cycles, 64000 bytes in 128 µs.
    #expect(
      line == [
        "i2s_avx2", "2560×1×2560", "1", "cold", "papi", "13100000", "2.00", "2.00", "0.250",
        "0.500", "no",
      ])
    #expect(page.contains("- papi, branch_misses, 1 time: not counting"))
    #expect(page.contains("counters.csv"))
  }

  @Test func nothingCountedIsNoSection() throws {
    #expect(try !page(share: 0.25).contains("## Counters"))
  }
}
