import Decoder
import Foundation
import TestSupport
import Testing

@testable import Models

/// Damaged model files end in a model or in one error: no trap, no hang, no memory beyond their size's class.
///
/// The program `fuzz` reads them in a process of its own, whose memory is limited, and names an input
/// that ends it. `TERNBENCH_FUZZ=1000000` is the long form of the test.
@Suite struct FuzzTests {
  /// What the inputs of a run are made from.
  enum Good: String, CaseIterable {
    case gguf, folders

    /// Writes good files to a folder, and names them.
    func paths(in folder: String) throws -> [String] {
      let fixtures = URL(filePath: #filePath)
        .appending(path: "../../DecoderTests/Fixtures").standardized.path
      switch self {
      case .gguf:
        let writers = [try GoodFiles.model(), GoodFiles.mapped(), GoodFiles.everyType()]
        return try writers.enumerated().map { index, writer in
          let path = "\(folder)/\(index).gguf"
          try writer.write(to: path)
          return path
        }
      case .folders:
        try GoodFiles.writeFolder("\(folder)/good")
        return ["2b4t-packed", "llama-packed"].map { "\(fixtures)/\($0)" } + ["\(folder)/good"]
      }
    }
  }

  static let isLong = ProcessInfo.processInfo.environment["TERNBENCH_FUZZ"] != nil
  static let count =
    ProcessInfo.processInfo.environment["TERNBENCH_FUZZ"].flatMap { Int($0) } ?? 2000
  /// The good files are below 64 KiB, and so is what may be allocated for one: some hundred times that.
  static let mostBytes = 16 << 20

  /// Runs the fuzzer, and gives what it reports by name.
  static func run(_ arguments: [String], on good: Good) throws -> (
    status: ChildProcess.Status, report: [String: Int], error: String
  ) {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ternbench-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let process = try ChildProcess(
      BuiltProgram.command("fuzz") + arguments + good.paths(in: folder),
      out: "\(folder)/out", error: "\(folder)/error")
    let status = try process.wait(atMost: isLong ? 7200 : 300)
    let out = try String(contentsOfFile: "\(folder)/out", encoding: .utf8)
    var report: [String: Int] = [:]
    for word in out.split(whereSeparator: \.isWhitespace) {
      let pair = word.split(separator: "=")
      if pair.count == 2 { report[String(pair[0])] = Int(pair[1]) }
    }
    return (status, report, try String(contentsOfFile: "\(folder)/error", encoding: .utf8))
  }

  /// A sanitizer's own memory, and an emulator's, would count as the reader's.
  static var memoryIsMeasured: Bool {
    #if SANITIZED || !os(Linux)
    false
    #else
    !BuiltProgram.isEmulated
    #endif
  }

  @Test(arguments: Good.allCases) func everyDamageIsReadOrRefused(good: Good) throws {
    let limit = Self.memoryIsMeasured ? ["--memory", "\(Self.mostBytes)"] : []
    let (status, report, error) = try Self.run(["--count", "\(Self.count)"] + limit, on: good)
    #expect(status.code == 0, "\(error.suffix(2000))")
    #expect(report["inputs"] == Self.count)
    // Many changes hit weights, which may be anything; many must be noticed.
    let refused = try #require(report["refused"])
    #expect(refused > Self.count / 10 && refused < Self.count * 9 / 10, "\(report)")
    if Self.memoryIsMeasured {
      #expect(try #require(report["resident_growth_bytes"]) <= Self.mostBytes, "\(report)")
    }
    if Self.isLong { print("\(good): \(report)") }
  }

  /// What the other test relies on: a limit that is too small ends the program, which names the input.
  @Test(
    .enabled(
      if: memoryIsMeasured, "the memory of a sanitizer or an emulator would count as the reader's"))
  func aLimitIsHeldAndItsInputNamed() throws {
    let (status, _, error) = try Self.run(["--count", "50", "--memory", "0"], on: .folders)
    #expect(status.isSignal, "\(status)")
    #expect(error.contains("fuzz: input "), "\(error)")
  }
}
