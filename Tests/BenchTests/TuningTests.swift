import Decoder
import Foundation
import MPGEMM
import Results
import Testing

@testable import Bench

/// Which kernels a table of times chooses, and what becomes of a table that is of no use.
@Suite struct TuningTests {
  private static let identity = TuningTable.Identity(
    processor: "a processor", isa: ["avx2"], build: "1 abc")
  private static let step = LinearStep(name: "qkv", outFeatures: [64, 16, 16], inFeatures: 32)

  /// Two kernels that share a layout, and one of another.
  private static var kernels: (one: Kernel, same: Kernel, other: Kernel) {
    get throws {
      let layouts = Dictionary(grouping: Kernel.all.filter(\.isLossless), by: \.layout)
      let shared = try #require(
        layouts.values.filter { $0.count > 1 }.min { $0[0].name < $1[0].name })
      let other = try #require(
        Kernel.all.first { $0.isLossless && $0.layout != shared[0].layout })
      return (shared[0], shared[1], other)
    }
  }

  /// Times of the step's shapes: a row of 64 takes four times as long as one of 16.
  private func table(_ times: [(tokens: Int, seconds: [String: Double])]) -> TuningTable {
    var table = TuningTable(identity: Self.identity)
    for (tokens, seconds) in times {
      for rows in [64, 16] {
        table.take(
          .init(
            outFeatures: rows, inFeatures: 32, tokens: tokens, threads: 2,
            seconds: seconds.mapValues { $0 * Double(rows) }))
      }
    }
    return table
  }

  private func chosen(
    _ table: TuningTable, _ loads: [TunedKernels.Load], threads: Int = 2
  ) throws -> TunedKernels {
    let (one, same, other) = try Self.kernels
    return TunedKernels(
      table, from: [one, same, other], fallback: other, loads: loads, threads: threads)
  }

  @Test func timesAreSummedOverMatricesAndScaledByTokens() {
    let table = table([(1, ["k": 1]), (8, ["k": 4])])
    func seconds(_ tokens: Int, _ kernel: String = "k", threads: Int = 2) -> Double? {
      table.seconds(
        of: kernel, outFeatures: Self.step.outFeatures, inFeatures: 32, tokens: tokens,
        threads: threads)
    }
    #expect(seconds(1) == 96 && seconds(8) == 384)
    // Between and beyond, the nearest below counts by token.
    #expect(seconds(2) == 192 && seconds(16) == 768)
    #expect(seconds(1, "other") == nil && seconds(1, threads: 1) == nil)
  }

  @Test func kernelsOfOneLayoutAreSwitchedByTokens() throws {
    let (one, same, other) = try Self.kernels
    let table = table([
      (1, [one.name: 1, same.name: 2, other.name: 9]),
      (128, [one.name: 90, same.name: 50, other.name: 60]),
    ])
    let tuned = try chosen(
      table, [.init(tokens: 1, passes: 64), .init(tokens: 128, passes: 1)])
    #expect(tuned.kernel(for: Self.step, tokens: 1) == one)
    #expect(tuned.kernel(for: Self.step, tokens: 128) == same)
    #expect(
      tuned.description(of: [Self.step]) == "qkv \(one), from 128 tokens \(same)")
  }

  /// Weights are packed once, so the layout is the one with the least time over everything that runs.
  @Test func theLayoutIsWeighedByWhatRuns() throws {
    let (one, same, other) = try Self.kernels
    let table = table([
      (1, [one.name: 1, same.name: 1.5, other.name: 2]),
      (128, [one.name: 100, same.name: 100, other.name: 50]),
    ])
    let decode = TunedKernels.Load(tokens: 1, passes: 51)
    let prompt = TunedKernels.Load(tokens: 128, passes: 1)
    #expect(try chosen(table, [decode, prompt]).layout(for: Self.step) == one.layout)
    let short = TunedKernels.Load(tokens: 1, passes: 49)
    let tuned = try chosen(table, [short, prompt])
    #expect(tuned.layout(for: Self.step) == other.layout)
    #expect([1, 7, 128].allSatisfy { tuned.kernel(for: Self.step, tokens: $0) == other })
  }

  @Test func whatWasNotMeasuredIsTheDefaultAndSaysSo() throws {
    let (one, _, other) = try Self.kernels
    let table = table([(1, [one.name: 1])])
    let loads = [TunedKernels.Load(tokens: 1, passes: 1)]
    let unknown = LinearStep(name: "down", outFeatures: [65], inFeatures: 32)
    let tuned = try chosen(table, loads)
    #expect(tuned.kernel(for: Self.step, tokens: 1) == one)
    #expect(tuned.kernel(for: unknown, tokens: 1) == other)
    #expect(tuned.description(of: [unknown]).contains("\(other), the default, since it was not"))
    #expect(try chosen(table, loads, threads: 1).kernel(for: Self.step, tokens: 1) == other)
  }

  @Test func onlyColdLosslessRowsThatEndedWellAreTakenIn() {
    var rows: [KernelRow] = []
    func row(
      _ kernel: String, _ cache: CacheRegime, lossless: Bool = true, status: Status = .ok,
      seconds: Double? = 2
    ) {
      var row = KernelRow(
        run: "r", kernel: kernel, family: "f", layout: "l", isa: "i", bitsPerWeight: 2,
        lossless: lossless, model: "", layer: "", outFeatures: 4, inFeatures: 8, tokens: 1,
        threads: 2, cache: cache, status: status)
      row.timeSeconds = seconds
      rows.append(row)
    }
    row("a", .cold)
    row("a", .hot, seconds: 1)
    row("b", .cold, lossless: false)
    row("c", .cold, status: .failed, seconds: nil)
    var table = TuningTable(identity: Self.identity)
    table.take(rows)
    let entry = TuningTable.Entry(
      outFeatures: 4, inFeatures: 8, tokens: 1, threads: 2, seconds: ["a": 2])
    #expect(table.entries == [entry])
    // Measured again, the newer times count.
    rows[0].timeSeconds = 3
    table.take(rows)
    #expect(table.entries.map(\.seconds) == [["a": 3]])
  }
}

/// The file that keeps a table.
@Suite struct TuningCacheTests {
  private let identity = TuningTable.Identity(
    processor: "a processor", isa: ["avx2"], build: "1 abc")
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("ternbench-\(UUID().uuidString)").path

  private var table: TuningTable {
    var table = TuningTable(identity: identity)
    table.take(
      .init(outFeatures: 4, inFeatures: 8, tokens: 1, threads: 2, seconds: ["k": 1e-4]))
    return table
  }

  @Test func whatIsWrittenIsRead() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cache = TuningCache(folder: folder)
    #expect(cache.read(identity) == .nothing)
    try cache.write(table)
    #expect(cache.read(identity) == .table(table))
    #expect(cache.path == folder + "/ternbench/tuning.json")
  }

  @Test func tablesOfNoUseAreIgnoredWithAReason() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cache = TuningCache(folder: folder)
    try cache.write(table)
    func ignored(_ identity: TuningTable.Identity) -> String? {
      if case .ignored(let reason) = cache.read(identity) { reason } else { nil }
    }
    var other = identity
    other.processor = "another"
    #expect(ignored(other)?.contains("another processor, a processor") == true)
    other = identity
    other.isa = []
    #expect(ignored(other)?.contains("another processor") == true)
    other = identity
    other.build = "1 abd"
    #expect(ignored(other)?.contains("another build") == true)

    let text = try String(contentsOfFile: cache.path, encoding: .utf8)
    let damages: [(text: String, says: String)] = [
      ("", "damaged"), (String(text.dropLast(20)), "damaged"), ("[1]", "damaged"),
      (text.replacingOccurrences(of: "\"threads\" : 2", with: "\"threads\" : \"two\""), "damaged"),
      (text.replacingOccurrences(of: "\"threads\" : 2", with: "\"threads\" : 0"), "size"),
      (text.replacingOccurrences(of: "\"k\" : 0.0001", with: "\"k\" : -1"), "above 0"),
      (text.replacingOccurrences(of: "\"version\" : 1", with: "\"version\" : 2"), "version 2"),
    ]
    for (damaged, says) in damages {
      #expect(damaged != text)
      try damaged.write(toFile: cache.path, atomically: true, encoding: .utf8)
      #expect(ignored(identity)?.contains(says) == true, "\(says): \(damaged)")
    }
    // A key that is not UTF-8.
    try Data([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).write(to: URL(filePath: cache.path))
    #expect(ignored(identity)?.contains("damaged") == true)
  }

  @Test func theCacheIsWhereTheEnvironmentSays() {
    #expect(
      TuningCache(environment: ["XDG_CACHE_HOME": "/x", "HOME": "/h"])?.path
        == "/x/ternbench/tuning.json")
    for relative in ["", "x"] {
      // The base directory specification says to ignore a relative path.
      #expect(
        TuningCache(environment: ["XDG_CACHE_HOME": relative, "HOME": "/h"])?.path
          == "/h/.cache/ternbench/tuning.json")
    }
    #expect(TuningCache(environment: [:]) == nil)
  }
}
