import Foundation
import Models
import Results
import Testing

@testable import Report

/// What `report` makes of runs of `decode`.
@Suite struct DecodePageTests {
  static func row(_ model: String, _ kernel: String, seconds: Double, bytes: Int) -> DecodeRow {
    var row = DecodeRow(
      run: Fixture.name, model: model, source: "synthetic", kernel: kernel, layout: "l",
      head: "f16", threads: 2, batch: 1, promptTokens: 128, generatedTokens: 8, layers: 72,
      distinctLayers: 4)
    row.stepSeconds = seconds
    row.stepSecondsP99 = 2 * seconds
    row.prefillSeconds = 1
    row.ternaryBytes = bytes
    row.headBytes = 1000
    row.readGBPerSecond = 40
    return row
  }

  static func page(_ rows: [DecodeRow]) throws -> DecodePage {
    DecodePage(
      environment: try RunEnvironment(contentsOf: "\(Fixture.path)/environment.json"), rows: rows)
  }

  static let rows = [
    row("dummy-100b", "a", seconds: 0.5, bytes: 25_000_000_000),
    row("dummy-125m", "a", seconds: 0.001, bytes: 20_000_000),
    row("dummy-125m", "b", seconds: 0.002, bytes: 20_000_000),
    row("other", "b", seconds: 0.004, bytes: 90_000_000),
  ]

  /// The cells of a table's row by column.
  static func cells(_ model: String, in page: String) throws -> [String: String] {
    let lines = page.split(separator: "\n").filter { $0.hasPrefix("|") }
    func cells(_ line: Substring) -> [String] {
      line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let header = cells(try #require(lines.first))
    let row = cells(try #require(lines.first { $0.hasPrefix("| \(model) ") }))
    return Dictionary(uniqueKeysWithValues: zip(header, row))
  }

  @Test func oursAndOtherMachinesStandInColumnsOfTheirOwn() throws {
    let page = try Self.page(Self.rows).markdown
    let small = try Self.cells("dummy-125m", in: page)
    #expect(small["a, 2 threads, head f16, behind 128"] == "1000")
    #expect(small["b, 2 threads, head f16, behind 128"] == "500")
    #expect(small["OTHER MACHINE: i7-13700H, bitnet.cpp, 2 threads"] == "316.35")
    #expect(small["layers in memory"] == "4 of 72")
    let large = try Self.cells("dummy-100b", in: page)
    #expect(large["a, 2 threads, head f16, behind 128"] == "2.00")
    #expect(large["b, 2 threads, head f16, behind 128"] == "")
    #expect(large["OTHER MACHINE: M2 Ultra, bitnet.cpp, threads unlimited"] == "6.58")
    // What the paper could not run has no number.
    #expect(large["OTHER MACHINE: M2 Ultra, llama.cpp F16, 2 threads"] == "")
    let other = try Self.cells("other", in: page)
    #expect(other.filter { $0.key.hasPrefix("OTHER") }.allSatisfy { $0.value.isEmpty })
    #expect(other.keys.filter { $0.hasPrefix("OTHER") }.count == 8)
  }

  @Test func modelsComeBySizeAndTheLatestRowCounts() throws {
    let again = Self.rows + [Self.row("dummy-100b", "a", seconds: 0.25, bytes: 25_000_000_000)]
    let page = try Self.page(again).markdown
    #expect(try Self.cells("dummy-100b", in: page)["a, 2 threads, head f16, behind 128"] == "4.00")
    let order = ["dummy-125m", "other", "dummy-100b"].compactMap {
      page.firstRange(of: "| \($0) ")?.lowerBound
    }
    #expect(order.count == 3 && order == order.sorted())
  }

  @Test func thePlotMarksHowFastPeopleRead() throws {
    let svg = try #require(Self.page(Self.rows).plot.svg)
    #expect(svg.contains("people read 5 to 7 tokens/s"))
    #expect(svg.components(separatedBy: "stroke-dasharray").count == 3)  // 5 and 7
    // Four points and two entries of the legend.
    #expect(svg.components(separatedBy: "<circle").count == 7)
    #expect(svg.contains("dummy-100b, a, 2 threads, head f16, behind 128: 2.00 tokens/s"))
    #expect(try Self.page([Self.row("m", "a", seconds: 0, bytes: 0)]).plot.svg == nil)
  }

  /// The lines of a table's rows below a heading.
  static func section(_ heading: String, of page: String) throws -> [String] {
    let lines = page.components(separatedBy: "\n")
    let begin = try #require(lines.firstIndex(of: heading), "\(heading)")
    return lines[(begin + 1)...].prefix { !$0.hasPrefix("#") }
      .filter { $0.hasPrefix("| m ") }
  }

  @Test func packingPaysAfterSomeTokens() throws {
    func row(_ kernel: String, _ seconds: Double, packed: Int, mapped: Int) -> DecodeRow {
      var row = Self.row("m", kernel, seconds: seconds, bytes: 1000)
      (row.packedBytes, row.mappedBytes) = (packed, mapped)
      (row.unpackSeconds, row.packSeconds) = packed > 0 ? (1, 2) : (0, 0)
      row.mapSeconds = mapped > 0 ? 0.5 : 0
      return row
    }
    let rows = [
      row("map", 0.25, packed: 0, mapped: 2_000_000),
      row("map2", 0.5, packed: 0, mapped: 2_000_000),
      row("fast", 0.1875, packed: 2_000_000, mapped: 0),
      row("slow", 0.375, packed: 2_000_000, mapped: 0),
    ]
    let lines = try Self.section("## What loading costs", of: Self.page(rows).markdown)
    let last = lines.map { line in
      line.components(separatedBy: "|").dropLast().suffix(2)
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    // 3 s of packing are 16 tokens of 3/16 s; less the 0.5 s of mapping, at 1/16 s a token, they have paid after 40.
    #expect(last.map { Double($0[0]) } == [0, 0, 16, 8], "\(lines)")
    #expect(last[0][1].isEmpty && last[1][1].isEmpty)
    #expect(Double(last[2][1]) == 40 && last[3][1] == "never", "\(lines)")
    #expect(try !Self.page(Self.rows).markdown.contains("## What loading costs"))
  }

  @Test func energyStandsWithItsLedger() throws {
    var row = Self.row("m", "a", seconds: 0.25, bytes: 1000)
    (row.modelledJoulesLeast, row.modelledJoulesMost) = (0.1, 0.25)
    row.modelledSource = "modelled: by hand"
    row.energyReason = "no meter here"
    let page = try Self.page([row]).markdown
    let line = try #require(try Self.section("## Joules of a token", of: page).first)
    #expect(line.contains("0.100 to 0.250") && line.contains("| none"), "\(line)")
    #expect(page.contains("Modelled: by hand.") && page.contains("Not measured: no meter here."))
    (row.measuredJoules, row.grossJoules, row.idleWatts) = (2, 3, 4)
    (row.energySource, row.energyReason) = ("rapl: package-0", "")
    let measured = try Self.section("## Joules of a token", of: Self.page([row]).markdown)[0]
    #expect(measured.contains("2.00") && measured.contains("rapl: package-0"), "\(measured)")
    #expect(try !Self.page(Self.rows).markdown.contains("Joules of a token"))
  }

  @Test func theSameRunsGiveTheSameFiles() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "ternbench-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let page = try Self.page(Self.rows)
    let path = try page.write(to: folder)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == page.markdown)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(Fixture.name)").count == 2)
  }

  @Test func runsOfTwoMachinesAreRefused() throws {
    let parent = FileManager.default.temporaryDirectory
      .appending(path: "ternbench-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let folders = try ["one", "two"].map { name in
      var environment = try RunEnvironment(contentsOf: "\(Fixture.path)/environment.json")
      (environment.run, environment.host) = (name, name)
      let path = "\(parent)/\(name)"
      try RunFolder.makeFolders(path)
      try environment.write(to: "\(path)/environment.json")
      #expect(!RunFolder.isOfDecode(path))
      let writer = try CSVWriter<DecodeRow>(creating: "\(path)/decode.csv")
      try writer.append(Self.rows[0])
      #expect(RunFolder.isOfDecode(path))
      return try RunFolder(resuming: path)
    }
    #expect(try DecodePage([folders[0]]).rows.count == 1)
    #expect(throws: ResultsError.self) { try DecodePage(folders) }
  }

  @Test func everyFigureIsOfAModelAndANumber() throws {
    #expect(PaperSpeed.all.count == 88)
    for figure in PaperSpeed.all {
      _ = try ModelCatalogue.model(slug: figure.model)
      #expect(try #require(Double(figure.tokensPerSecond)) > 0)
    }
    #expect(Set(PaperSpeed.all.map(\.column)).count == 8)
  }
}
