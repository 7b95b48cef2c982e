import Foundation
import Testing

/// Whatever is wrong, the user gets one line that names it, and a documented exit code.
@Suite struct BadInputTests {
  static let cases: [(arguments: [String], status: Int32, says: String)] = [
    (["list", "kernels", "--kernel", "i2s_avx3"], 64, "i2s_avx3"),
    (["list", "kernels", "--kernel", "("], 64, "not a regular expression"),
    (["list", "planets"], 64, "planets"),
    (["list", "kernels", "--format", "xml"], 64, "xml"),
    (["verify", "--shape", "1x2"], 64, "6912x1x2560"),
    (["verify", "--shape", "0x1x1"], 64, "0x1x1"),
    (["verify", "--shape", "axbxc"], 64, "axbxc"),
    (["verify", "--shape", "2147483647x2147483647x2147483647"], 64, "GiB"),
    (["bench", "--allow-debug-build", "--shape", "2000000x1x2000000"], 64, "GiB"),
    (["verify", "--model", "2b-4x"], 64, "2b-4t"),
    (["verify", "--model", "no-such-file.toml"], 74, "no-such-file.toml"),
    (["verify", "--pattern", "chaos"], 64, "chaos"),
    (["verify", "--plugin", "no-such-plugin.so"], 74, "no-such-plugin.so"),
    (["bench", "--allow-debug-build"], 64, "--model"),
    (["bench", "--allow-debug-build", "--model", "llama3.2-1b"], 64, "no ternary layers"),
    (["bench", "--model", "2b-4t", "--threads", "0"], 64, "threads"),
    (["bench", "--model", "2b-4t", "--cache", "warm"], 64, "warm"),
    (["bench", "--model", "2b-4t", "--tokens", "1,,2"], 64, "tokens"),
    (["bench", "--model", "2b-4t", "--min-time", "0"], 64, "min-time"),
    (["bench", "--model", "2b-4t", "--zero-density", "2"], 64, "zero-density"),
    (["bench", "--model", "2b-4t", "--worker-timeout", "0"], 64, "worker-timeout"),
    (["bench", "--model", "2b-4t", "--worker-memory", "1"], 64, "worker-memory"),
    (
      ["bench", "--allow-debug-build", "--shape", "8x1x8", "--resume", "no-such-run"], 74,
      "no-such-run"
    ),
    (["energy"], 64, "--model"),
    (["energy", "--model", "2b-4x"], 64, "2b-4t"),
    (["energy", "--model", "2b-4t", "--node", "5nm"], 64, "45nm, 7nm"),
    (["energy", "--model", "2b-4t", "--scheme", "int4"], 64, "int4"),
    (["energy", "--model", "2b-4t", "--tokens", "0"], 64, "tokens"),
    (["energy", "--model", "2b-4t", "--tokens", "9223372036854775807"], 64, "64 bits"),
    (["energy", "--model", "v1-13b", "--skip-zeros"], 64, "share of zero weights"),
    (["energy", "--model", "2b-4t", "--scheme", "fp16", "--skip-zeros"], 64, "ternary"),
    (["energy", "--model", "2b-4t", "--operations", "no-such.toml"], 74, "no-such.toml"),
    (["energy", "--model", "2b-4t", "--operations", "/dev/null"], 65, "schema"),
    (["energy", "--model", "2b-4t", "--out", "x"], 64, "--out"),
    (["energy", "--reproduce", "--tokens", "3"], 64, "--reproduce"),
    (["energy", "--reproduce", "--out", "/proc/no-such-place"], 74, "/proc/no-such-place"),
    (["report", "no-such-run"], 74, "no-such-run"),
    (["report"], 64, "run"),
    (["frobnicate"], 64, "frobnicate"),
  ]

  @Test(arguments: cases.indices)
  func isNamedInOneLine(index: Int) throws {
    let (arguments, status, says) = Self.cases[index]
    let output = try Program.run(arguments)
    #expect(output.status == status, "\(arguments): \(output.error)")
    #expect(output.out.isEmpty, "\(arguments) printed \(output.out)")
    #expect(output.errorLines.count == 1, "\(arguments): \(output.error)")
    #expect(output.error.contains(says), "\(arguments): \(output.error)")
  }

  @Test func anUnwritableFolderIsNamed() throws {
    let output = try Program.run(
      "bench", "--allow-debug-build", "--kernel", "^int8_dot_portable$", "--shape", "8x1x8",
      "--out", "/proc/no-such-place")
    #expect(output.status == 74, "\(output.error)")
    #expect(output.errorLines.count == 1 && output.error.contains("/proc/no-such-place"))
  }

  @Test func aTruncatedFileIsNamed() throws {
    let scratch = try TemporaryFolder()
    let run = try Program.run(
      "bench", "--allow-debug-build", "--kernel", "^int8_dot_portable$", "--shape", "8x1x8",
      "--min-time", "0.001", "--out", scratch.path)
    #expect(run.status == 0, "\(run.error)")
    let folder = run.out.trimmingCharacters(in: .newlines)
    let file = folder + "/kernels.csv"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try String(text.dropLast(20)).write(toFile: file, atomically: true, encoding: .utf8)
    let output = try Program.run("report", folder, "--out", scratch.path + "/reports")
    #expect(output.status == 65, "\(output.error)")
    #expect(output.errorLines.count == 1 && output.error.contains("kernels.csv"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/reports"))
  }

  @Test func aFileOfAnotherSchemaIsNamed() throws {
    let scratch = try TemporaryFolder()
    let run = try Program.run(
      "bench", "--allow-debug-build", "--kernel", "^int8_dot_portable$", "--shape", "8x1x8",
      "--min-time", "0.001", "--out", scratch.path)
    let folder = run.out.trimmingCharacters(in: .newlines)
    let file = folder + "/kernels.csv"
    let lines = try String(contentsOfFile: file, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
    let changed = lines.enumerated().map { index, line in
      index == 0 || line.isEmpty ? String(line) : "9999" + line.drop { $0 != "," }
    }
    try changed.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    let output = try Program.run("report", folder, "--out", scratch.path + "/reports")
    #expect(output.status == 65, "\(output.error)")
    #expect(output.errorLines.count == 1 && output.error.contains("9999"), "\(output.error)")
  }
}
