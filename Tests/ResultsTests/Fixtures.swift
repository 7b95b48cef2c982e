import Foundation
import Testing

@testable import Results

/// A folder for one test, removed with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "ternbench-results-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }
}

func text(_ path: String) throws -> String {
  try String(contentsOfFile: path, encoding: .utf8)
}

/// The error that a call must throw; nil, and an issue, when it throws none.
func resultsError<T>(
  _ body: () throws -> T, sourceLocation: SourceLocation = #_sourceLocation
) -> ResultsError? {
  do {
    _ = try body()
    Issue.record("no error was thrown", sourceLocation: sourceLocation)
  } catch let error as ResultsError {
    return error
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
  return nil
}

/// SplitMix64: the same rows in every run of the tests.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Text that breaks careless CSV code: separators, quotes, line ends, marks that join what is
/// before them, characters that count as line ends elsewhere.
let hostile = [
  "", ",", "\"", "\"\"", "\",\"", "a\"b", "\n", "\r", "\r\n", "a\nb\n", "\n\"", " ", " a ", "\ta",
  "\u{301}", "\"\u{301}", ",\u{301}\"", "\n\u{301}", "\u{2028}", "\u{85}", "\u{b}", "\u{feff}",
  "👩🏽‍💻", "\u{200d}", "\0", "=1+1", "a|b", "nan", "null", "#",
]

extension KernelRow {
  /// A row that was measured; the numbers are those of a plausible i2s at 2560 × 2560.
  static let measured: KernelRow = {
    var row = KernelRow(
      run: "r", kernel: "i2s_avx2", family: "i2s", layout: "i2s_128", isa: "avx2",
      bitsPerWeight: 2, lossless: true, model: "2b-4t", layer: "q", outFeatures: 2560,
      inFeatures: 2560, tokens: 1, threads: 1, cache: .cold, status: .ok)
    row.timeSeconds = 0.000128
    row.packedBytes = 1_638_400
    row.samples = 9
    row.maxAbsError = 0
    row.nmse = 0
    row.readGBPerSecond = 16
    return row
  }()
}
