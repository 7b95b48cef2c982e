import Foundation
import Results
import Statistics
import Testing

@testable import Report

/// A small run made by hand (its times are round numbers), and the page it must give.
enum Fixture {
  static let name = "20261121T031500Z-box-abc1234"

  static var fixtures: URL { Bundle.module.bundleURL.appendingPathComponent("Fixtures") }
  static var path: String { fixtures.appendingPathComponent(name).path }

  static func run() throws -> Run { try Run(RunFolder(opening: path)) }

  static func golden(_ name: String) throws -> String {
    try String(contentsOf: fixtures.appendingPathComponent(name), encoding: .utf8)
  }
}

/// A copy of the fixture's run with a change to its kernels.csv, removed with its owner.
final class RunCopy {
  let parent = FileManager.default.temporaryDirectory.path + "/ternbench-\(UUID().uuidString)"
  let folder: RunFolder

  init(_ change: (String) -> String = { $0 }) throws {
    try RunFolder.makeFolders(parent)
    try FileManager.default.copyItem(atPath: Fixture.path, toPath: "\(parent)/\(Fixture.name)")
    folder = try RunFolder(opening: "\(parent)/\(Fixture.name)")
    let text = change(try String(contentsOfFile: folder.kernels, encoding: .utf8))
    try AtomicFile.write(text, to: folder.kernels)
  }

  deinit { try? FileManager.default.removeItem(atPath: parent) }

  func page() throws -> String { try RunReport(Run(folder)).page }
}

@Suite struct ReportTests {
  /// To accept a changed page, copy the file that the failure names over the golden one.
  @Test func thePageIsTheGoldenOne() throws {
    let page = try RunReport(Fixture.run()).page
    let expected = try Fixture.golden("golden.md")
    if page != expected {
      let actual = FileManager.default.temporaryDirectory.path + "/ternbench-golden.md"
      try AtomicFile.write(page, to: actual)
      Issue.record("the page differs from golden.md: diff it with \(actual)")
    }
  }

  @Test func theSameFolderGivesTheSameBytes() throws {
    let pages = try (0..<3).map { _ in try RunReport(Fixture.run()).page }
    #expect(Set(pages).count == 1)
    let plots = try (0..<3).map { _ in try RunReport(Fixture.run()).rooflines.files }
    #expect(Set(plots).count == 1 && plots[0].keys.sorted() == ["roofline-1-thread.svg"])
  }

  /// The fixture's totals by hand: 30 × (q + k), which differ by a round factor.
  @Test func totalsAndSpeedUpsAreTheDefinitions() throws {
    let subject = try #require(Subject.all(in: Fixture.run()).first { $0.title == "2b-4t" })
    let decode = try #require(subject.comparisons.first)
    let prefill = try #require(subject.comparisons.last)
    func entry(_ name: String, _ comparison: Comparison) throws -> Entry {
      try #require(comparison.entries.first { $0.kernel == name })
    }
    func near(_ a: Double?, _ b: Double, within share: Double = 1e-9) -> Bool {
      abs((a ?? 0) - b) < share * b
    }

    let i2s = try entry("i2s_avx2", decode)
    #expect(near(i2s.total?.seconds, 30 * (128e-6 + 32e-6)))
    // 30 layers of 2560 × 2560 and 640 × 2560 at 2 bits, in 4.8 ms, of 16 GB/s.
    #expect(near(i2s.total?.packedGBPerSecond, 12.8) && near(i2s.total?.shareOfRead, 0.8))
    #expect(near(i2s.total?.gopPerSecond, 102.4))
    #expect(decode.baseline(bits: 32)?.kernel == "float_blocked_avx2")
    #expect(
      near(decode.speedUp(of: i2s, over: decode.baseline(bits: 32))?.value, 12.5, within: 0.02))
    #expect(
      near(decode.speedUp(of: i2s, over: decode.baseline(bits: 16))?.value, 6.25, within: 0.02))
    #expect(near(decode.speedUp(of: i2s, over: decode.fastest)?.value, 0.8, within: 0.02))
    #expect(decode.fastest?.kernel == "tl1_lossy_avx2")
    #expect(decode.fastestLossless?.kernel == "i2s_avx2")
    #expect(prefill.baseline(bits: 16) == nil)
    #expect(try entry("float_naive_portable", prefill).total?.hasSingleSample == true)
  }

  @Test func aKernelThatLacksALayerHasNoTotal() throws {
    let decode = try #require(Subject.all(in: Fixture.run()).first?.comparisons.first)
    let endings = decode.entries.filter { $0.total == nil }.map { entry in
      "\(entry.kernel): \(entry.missing.map { "\($0.layer) \($0.ending)" })"
    }
    #expect(endings == ["tl2_avx2: [\"k not run\"]", "tq2_avx2: [\"k failed\"]"])
  }

  /// As after a kill: no row of layer k is left, and nothing passes for the whole model.
  @Test func aRunWithoutALayerSaysSo() throws {
    let copy = try RunCopy { text in
      text.split(separator: "\n").filter { !$0.contains(",2b-4t,k,") }.joined(separator: "\n")
        + "\n"
    }
    let page = try copy.page()
    #expect(page.contains("Not in this run: k."))
    #expect(page.contains("- i2s_avx2 has no total: it lacks k (not run)"))
    #expect(page.contains("| 2b-4t     | decode, 1 thread, cold         | none ran every layer |"))
  }

  @Test func aRunOfNothingIsAPageThatSaysSo() throws {
    let header = { (text: String) in String(text.prefix { $0 != "\n" }) + "\n" }
    let page = try RunCopy(header).page()
    #expect(
      page.contains("No case was measured.") && page.contains("Nothing of this model was run."))

    let skipped = { (text: String) in
      text.split(separator: "\n").filter { $0.hasPrefix("schema") || $0.contains(",skipped,") }
        .joined(separator: "\n") + "\n"
    }
    let allSkipped = try RunCopy(skipped).page()
    #expect(allSkipped.contains("| none ran ") && allSkipped.contains("No kernel was measured"))
  }

  @Test func eachRunGetsItsPage() throws {
    let copy = try RunCopy()
    let out = copy.parent + "/reports/new"
    let paths = try RunReport.write([copy.folder], to: out)
    #expect(paths == ["\(out)/\(Fixture.name)/README.md"])
    let plot = try String(
      contentsOfFile: "\(out)/\(Fixture.name)/roofline-1-thread.svg", encoding: .utf8)
    #expect(plot.hasPrefix("<svg ") && plot.contains("float_blocked_avx2"))
    #expect(try String(contentsOfFile: paths[0], encoding: .utf8) == Fixture.golden("golden.md"))
    #expect(throws: ResultsError.self) { try RunReport.write([copy.folder, copy.folder], to: out) }
  }

  /// What is replaced in kernels.csv; nil cuts its last row, as a kill does.
  @Test(arguments: [
    nil,
    ("\n1,", "\n2,"),  // another schema
    ("2b-4t,k", "2b-4t,z"),  // no layer of the model
  ])
  func aBadRunWritesNothing(_ change: (String, String)?) throws {
    let good = try RunCopy()
    let bad = try RunCopy { text in
      change.map { text.replacing($0.0, with: $0.1) } ?? String(text.dropLast(7))
    }
    let out = good.parent + "/reports"
    do {
      _ = try RunReport.write([good.folder, bad.folder], to: out)
      Issue.record("a bad run was reported")
    } catch let error as ResultsError {
      #expect(error.category == .data && error.file == bad.folder.kernels)
    }
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  /// Whatever bytes stand in kernels.csv, there is a page or one error about the data.
  @Test func noFileIsATrap() throws {
    let copy = try RunCopy()
    let original = Array(try String(contentsOfFile: copy.folder.kernels, encoding: .utf8).utf8)
    let cells = [
      "", "0", "-1", "9e307", "5e-324", "1e-320", "nan", "9223372036854775807", "\"", "|",
    ]
    var state: UInt64 = 1
    func random(below bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var (pages, errors) = (0, 0)
    for round in 0..<200 {
      var lines = original.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
      if round.isMultiple(of: 2) {
        // A strange cell: most of them parse.
        let line = 1 + random(below: lines.count - 1)
        var row = lines[line].split(separator: ",", omittingEmptySubsequences: false)
        row[random(below: row.count)] = cells[random(below: cells.count)][...]
        lines[line] = row.joined(separator: ",")
      }
      var bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
      if !round.isMultiple(of: 2) { bytes[random(below: bytes.count)] = UInt8(random(below: 256)) }
      try Data(bytes).write(to: URL(fileURLWithPath: copy.folder.kernels))
      do {
        pages += try copy.page().isEmpty ? 0 : 1
      } catch let error as ResultsError {
        errors += error.category == .data ? 1 : 0
      }
    }
    #expect(pages + errors == 200 && pages > 0 && errors > 0, "\(pages) pages, \(errors) errors")
  }
}
