import Testing

@testable import Results

@Suite struct RoundTripTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func everyRowComesBackAsItWasWritten() throws {
    var random = Seeded(state: 1)
    let rows = (0..<100).map { _ in KernelRow.random(&random) }
    let writer = try CSVWriter<KernelRow>(creating: folder("kernels.csv"))
    for row in rows { try writer.append(row) }
    let read = try CSVReader<KernelRow>(folder("kernels.csv"))
    #expect(read.rows.count == rows.count)
    let mismatch = rows.indices.first { rows[$0] != read.rows[$0] }
    #expect(mismatch == nil, "seed 1, row \(mismatch ?? 0): \(rows[mismatch ?? 0])")
  }

  @Test func samplesAndCeilingsComeBack() throws {
    let sample = SampleRow(
      run: "r", kernel: "k,\"", model: "", layer: "", outFeatures: 1, inFeatures: 2, tokens: 3,
      threads: 4, cache: .hot, repetition: 5, order: 6, quantizeSeconds: 0, prepareSeconds: 1e-9,
      computeSeconds: .leastNonzeroMagnitude, timeSeconds: .greatestFiniteMagnitude, iterations: 7)
    let samples = try CSVWriter<SampleRow>(creating: folder("samples.csv"))
    try samples.append(sample)
    #expect(try CSVReader<SampleRow>(folder("samples.csv")).rows == [sample])

    let ceiling = CeilingRow(
      run: "r", probe: "read", bytes: 1 << 29, threads: 2, cache: .cold,
      pageSize: "2 MiB, got 4 KiB",
      prefetch: true, medianGBPerSecond: 12.5, bestGBPerSecond: 1.0 / 3, samples: 5)
    let ceilings = try CSVWriter<CeilingRow>(creating: folder("ceilings.csv"))
    try ceilings.append(ceiling)
    #expect(try CSVReader<CeilingRow>(folder("ceilings.csv")).rows == [ceiling])
  }

  @Test(arguments: hostile)
  func hostileTextSurvivesInEveryPlace(_ cell: String) throws {
    for cells in [[cell], [cell, "x"], ["x", cell], [cell, cell, cell], ["", cell, ""]] {
      let records = try CSVRecords(CSV.line(cells) + CSV.line(cells))
      #expect(records.tornLine == nil)
      #expect(
        records.complete.map { $0.cells.map { Array($0.utf8) } }
          == [cells, cells].map { $0.map { Array($0.utf8) } })
    }
  }

  @Test func crlfReadsAsLf() throws {
    let records = try CSVRecords("a,b\r\n\"c\r\n\",\"\"\r\n")
    #expect(records.complete.map(\.cells) == [["a", "b"], ["c\r\n", ""]])
    #expect(records.complete.map(\.line) == [1, 2])
  }

  /// Independent of our reader: the bytes that RFC 4180 asks for.
  @Test func linesAreRFC4180() {
    #expect(
      CSV.line(["a", "", "b c", "1,5", "say \"hi\"", "x\ny"])
        == "a,,b c,\"1,5\",\"say \"\"hi\"\"\",\"x\ny\"\n")
  }

  @Test func appendsAreInTheFileAtOnce() throws {
    let writer = try CSVWriter<KernelRow>(creating: folder("kernels.csv"))
    #expect(try CSVReader<KernelRow>(folder("kernels.csv")).rows == [])
    try writer.append(.measured)
    #expect(try CSVReader<KernelRow>(folder("kernels.csv")).rows == [.measured])
    #expect(folder.names == ["kernels.csv"], "the temporary header file is gone")
  }

  @Test func aFileOfRowsIsNeverOverwritten() throws {
    try CSVWriter<KernelRow>(creating: folder("kernels.csv")).append(.measured)
    #expect(throws: ResultsError.self) {
      try CSVWriter<KernelRow>(creating: folder("kernels.csv"))
    }
    #expect(try CSVReader<KernelRow>(folder("kernels.csv")).rows == [.measured])
  }
}

extension KernelRow {
  /// Any row that may be written.
  static func random(_ random: inout Seeded) -> KernelRow {
    func text() -> String { (hostile.randomElement(using: &random) ?? "") + "x" }
    func count() -> Int { Int.random(in: 1...1 << 20, using: &random) }
    func number() -> Double {
      // Any finite bits above zero, from denormal to huge.
      Double(bitPattern: UInt64.random(in: 1...0x7fef_ffff_ffff_ffff, using: &random))
    }
    func maybe<T>(_ value: T) -> T? { Bool.random(using: &random) ? value : nil }

    let status = Status.allCases.randomElement(using: &random) ?? .ok
    var row = KernelRow(
      run: text(), kernel: text(), family: text(), layout: text(), isa: text(),
      bitsPerWeight: number(), lossless: .random(using: &random), model: maybe(text()) ?? "",
      layer: maybe(text()) ?? "", outFeatures: count(), inFeatures: count(), tokens: count(),
      threads: count(), cache: maybe(.hot) ?? .cold, status: status,
      reason: status == .ok ? "" : text())
    if status == .ok {
      row.timeSeconds = Double.random(in: 1e-7...10, using: &random)
      row.samples = count()
      row.maxAbsError = maybe(number()) ?? 0
    }
    if status == .emulated {
      row.maxAbsError = maybe(number()) ?? 0
    } else {
      row.quantizeSeconds = maybe(number())
      row.prepareSeconds = maybe(number())
      row.computeSeconds = maybe(number())
      row.packSeconds = maybe(number())
      row.timeMdAPE = maybe(number())
      row.readGBPerSecond = maybe(Double.random(in: 1...1000, using: &random))
    }
    row.packedBytes = maybe(count())
    row.nmse = maybe(number())
    row.zeroDensity = maybe(Double.random(in: 0...1, using: &random))
    row.seed = maybe(.random(in: .min ... .max, using: &random))
    row.reproduce = text()
    row.layerCount = count()
    row.tolerance = maybe(number())
    row.note = text()
    row.poolBytes = maybe(count())
    row.pageSize = text()
    return row
  }
}
