import Foundation
import Testing

@testable import Results

@Suite struct BadFileTests {
  private let folder: TemporaryFolder
  private let path: String
  /// The header and two good rows.
  private let good: String
  private static let width = KernelRow.columns.count

  init() throws {
    folder = try TemporaryFolder()
    path = folder("kernels.csv")
    let writer = try CSVWriter<KernelRow>(creating: path)
    try writer.append(.measured)
    try writer.append(.measured)
    good = try text(path)
  }

  /// The error that reading the text gives, with the path cut to the file's name.
  private func complaint(_ text: String) throws -> String {
    try AtomicFile.write(text, to: path)
    let error = resultsError { try CSVReader<KernelRow>(path) }
    let line = error?.description ?? ""
    #expect(!line.contains("\n") && error?.category == .data && error?.category.exitCode == 65)
    return line.replacing(folder.path + "/", with: "")
  }

  @Test(arguments: [
    ("0.000128", "abc", "kernels.csv:2: time_s: \"abc\" is not a finite number or nothing; "),
    ("0.000128", "nan", "kernels.csv:2: time_s: \"nan\" is not a finite number or nothing; "),
    ("0.000128", "", "a row that is ok has a time_s above 0 and its number of samples; "),
    ("102.4", "103", "gop_per_s: \"103\" is not \"102.4\", which follows from the other cells; "),
    (",cold,", ",warm,", "cache: \"warm\" is not one of hot, cold, ring; "),
    (",ok,", ",fine,", "status: \"fine\" is not one of ok, emulated, failed, skipped; "),
    (",ok,", ",skipped,", "kernels.csv:2: a row that is skipped has a reason; "),
    (",ok,", ",emulated,", "kernels.csv:2: a row that is emulated has a reason; "),
    (
      ",ok,,", ",emulated,why,",
      "kernels.csv:2: a row that is emulated has neither times, rates nor energy; "
    ),
    (",true,", ",yes,", "lossless: \"yes\" is not true or false; "),
    (",1638400,", ",1.5,", "packed_bytes: \"1.5\" is not an integer or nothing; "),
    (",2560,2560,", ",2560,0,", "in_features, tokens, threads and layer_count are at least 1"),
    (",9,", ",0,", "a row that is ok has a time_s above 0 and its number of samples; "),
    (
      "\n4,", "\n9999,",
      "schema_version: schema version 9999, and this ternbench reads 1 to 4; read it"
    ),
    ("\n4,", "\nx,", "kernels.csv:2: schema_version: \"x\" is not an integer; "),
    ("schema_version,", "schema,", "kernels.csv:1: the first column is not schema_version"),
    ("time_s", "time_ns", "kernels.csv:1: unknown column \"time_ns\" for schema version 4; "),
    (",time_s,", ",", "kernels.csv:1: no column \"time_s\" for schema version 4; "),
    ("run,kernel", "kernel,run", "kernels.csv:1: columns repeated or out of order"),
    (",i2s,", ",i2s,i2s,", " cells for "),
    (",avx2,", ",av\"x2,", "kernels.csv:2: a quote inside a cell that does not begin with one; "),
    (",avx2,", ",\"avx2\"x,", "kernels.csv:2: text after a closing quote; "),
    (",avx2,", ",av\rx2,", "kernels.csv:2: a carriage return without line feed; "),
  ])
  func aWrongCellIsNamed(_ old: String, _ new: String, _ expected: String) throws {
    let text = good.replacing(old, with: new, maxReplacements: 1)
    #expect(text != good)
    let line = try complaint(text)
    #expect(line.contains(expected), "\(line)")
  }

  @Test func theLineIsThatOfTheFileNotOfTheRow() throws {
    var lines = good.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines[1] = lines[1].replacing(",r,", with: ",\"r\n\",")
    lines[2] = lines[2].replacing("0.000128", with: "?")
    #expect(try complaint(lines.joined(separator: "\n")).hasPrefix("kernels.csv:4: time_s: "))
  }

  @Test func blankLinesAndEmptyFilesAreErrors() throws {
    #expect(try complaint("").hasPrefix("kernels.csv:1: is empty"))
    #expect(try complaint("\n").hasPrefix("kernels.csv:1: the first column"))
    #expect(try complaint(good + "\n").contains("kernels.csv:4: 1 cells for \(Self.width) columns"))
  }

  /// Cut at every byte, a file is either whole up to a row or refused; it never reads as less
  /// than it says, and leaving the torn line out gives just the rows before it.
  @Test func aFileCutAnywhereIsRefusedUnlessToldOtherwise() throws {
    var row = KernelRow.measured
    row.note = "two\nlines, \"quoted\""
    try CSVWriter<KernelRow>(creating: folder("cut.csv")).append(row)
    let bytes = Array(try text(folder("cut.csv")).utf8)
    let header = try #require(bytes.firstIndex(of: CSV.lf)) + 1
    for length in bytes.indices {
      try Data(bytes[..<length]).write(to: URL(fileURLWithPath: path))
      if length == header {
        #expect(try CSVReader<KernelRow>(path).rows.isEmpty)
        continue
      }
      let error = resultsError {
        try CSVReader<KernelRow>(path)
      }
      #expect(error?.line == (length < header ? 1 : 2), "cut at \(length)")
      if length > header {
        let rest = try CSVReader<KernelRow>(path, tornLine: .leaveOut)
        #expect(rest.rows.isEmpty && rest.tornLine == 2, "cut at \(length)")
      }
    }
  }

  @Test func whatIsNotTextIsAnError() throws {
    try Data([0xff, 0xfe, 0x0a]).write(to: URL(fileURLWithPath: path))
    let error = resultsError { try CSVReader<KernelRow>(path) }
    #expect(error?.reason == "is not UTF-8 text")
  }

  /// A key that is not UTF-8, and one with an escape that there is not.
  @Test(arguments: [0xff, 0x5c] as [UInt8])
  func anEnvironmentWithABadKeyIsAnError(_ byte: UInt8) throws {
    let path = folder("environment.json")
    try Data([0x7b, 0x22, byte, 0x79, 0x22, 0x3a, 0x31, 0x7d]).write(to: URL(fileURLWithPath: path))
    let error = resultsError { try RunEnvironment(contentsOf: path) }
    #expect(error?.category == .data && error?.reason == "is not JSON")
  }

  @Test func aMissingFileIsAnIOError() throws {
    let error = resultsError { try CSVReader<KernelRow>(folder("none")) }
    #expect(error?.category == .io && error?.category.exitCode == 74)
    #expect(
      error?.description.hasSuffix(
        "none: cannot open: No such file or directory; check the path") == true)
  }

  @Test func aFullDeviceIsAnIOError() throws {
    let error = resultsError {
      try OpenFile("/dev/full", flags: O_WRONLY).write([1])
    }
    #expect(
      error?.description
        == "/dev/full: cannot write: No space left on device; free some space and run again")
  }

  @Test func anAtomicWriteThatFailsLeavesTheOldFileAndNothingElse() throws {
    try AtomicFile.write("old", to: folder("kept"))
    #expect(throws: ResultsError.self) { try AtomicFile.write("new", to: folder("kept/below")) }
    // A folder cannot be renamed over: the temporary file was there by then.
    try FileManager.default.createDirectory(
      atPath: folder("busy"), withIntermediateDirectories: false)
    #expect(throws: ResultsError.self) { try AtomicFile.write("new", to: folder("busy")) }
    #expect(try text(folder("kept")) == "old")
    #expect(folder.names == ["busy", "kept", "kernels.csv"])
  }
}
