import Foundation
import MPGEMM
import Results
import TestSupport
import Testing

/// What `tune` measures is what `--kernel auto` takes, with a cache folder of the test's own.
@Suite(
  .serialized, .disabled(if: Program.isEmulated, "an emulated process cannot start its kind"))
struct TuneCommandTests {
  /// Runs the program with its cache in a folder.
  private func run(_ arguments: [String], cache: String) throws -> Program.Output {
    let scratch = try TemporaryFolder()
    let (out, error) = (scratch.path + "/out", scratch.path + "/error")
    let process = try ChildProcess(
      ["/usr/bin/env", "XDG_CACHE_HOME=\(cache)", try Program.path.path] + arguments, out: out,
      error: error)
    let status = try process.wait()
    return Program.Output(
      status: status.code, out: try String(contentsOfFile: out, encoding: .utf8),
      error: try String(contentsOfFile: error, encoding: .utf8))
  }

  @Test func whatIsTunedIsWhatAutoTakes() throws {
    let model = try ModelCommandTests.TinyModel()
    let cache = model.folder.path + "/cache"
    let decode = [
      "decode", "-m", model.shape, "--prompt-tokens", "4", "--generate", "2", "--threads", "1",
      "--out", model.folder.path + "/results",
    ]
    func decoded() throws -> (output: Program.Output, row: DecodeRow) {
      let output = try run(decode, cache: cache)
      #expect(output.status == 0, "\(output.error)")
      let folder = try #require(output.out.split(separator: "\n").last)
      let rows = try CSVReader<DecodeRow>(folder + "/decode.csv").rows
      return (output, try #require(rows.first))
    }

    let untuned = try decoded()
    #expect(untuned.output.out.contains("the default, since nothing is tuned here: ternbench tune"))
    let lookups = Kernel.all.contains { $0.name == "trit5_lut_avx512" && $0.isRunnable }
    #expect(untuned.row.kernel.hasPrefix(lookups ? "trit5_lut_" : "planar2_"))

    let tuned = try run(
      [
        "tune", "--allow-debug-build", "--model", model.shape, "--kernel",
        "^(i2s_portable|tl1_portable)$", "--tokens", "1,4", "--threads", "1", "--min-time", "0.001",
        "--out", model.folder.path + "/results",
      ], cache: cache)
    #expect(tuned.status == 0, "\(tuned.error)")
    let lines = tuned.out.split(separator: "\n")
    #expect(lines.count == 2 && lines[1] == cache + "/ternbench/tuning.json")
    // Four shapes (q and o, k and v, gate and up, down), two numbers of tokens, two kernels.
    #expect(try CSVReader<KernelRow>(lines[0] + "/kernels.csv").rows.count == 16)

    let chosen = try decoded()
    #expect(chosen.row.kernel == "auto")
    #expect(chosen.row.reproduce.contains("--kernel auto"))
    #expect(chosen.row.note.hasPrefix("kernel auto, by the tuning table: qkv "))
    #expect(chosen.output.out.contains("gate_up ") && !chosen.row.note.contains("the default"))
    #expect(
      chosen.row.layout.split(separator: " ").allSatisfy { ["i2s_128", "tl1_32"].contains($0) })

    let other = try run(decode.map { $0 == "1" ? "2" : $0 }, cache: cache)
    #expect(other.out.contains("the tuning table has no times of 2 threads"))

    try "{}".write(toFile: cache + "/ternbench/tuning.json", atomically: true, encoding: .utf8)
    let damaged = try decoded()
    #expect(damaged.output.errorLines.count == 1)
    #expect(
      damaged.output.error.contains("ignored, since it is damaged; ternbench tune replaces it"))
    #expect(damaged.row.kernel == untuned.row.kernel)
  }

  @Test func generateWritesTheSameTextByTheTable() throws {
    let folder = try TemporaryFolder()
    let generate = ["generate", "-p", "To be", "-n", "8", "--threads", "1"]
    let before = try run(generate, cache: folder.path)
    #expect(before.status == 0 && before.error.contains("the default, since nothing is tuned"))
    // The shapes of the model in the program.
    let model = folder.path + "/same.toml"
    try """
    schema = 1
    name = "Same shapes"
    hidden = 256
    ffn = 672
    layers = 5
    heads = 4
    kv_heads = 2
    gated = true
    """.write(toFile: model, atomically: true, encoding: .utf8)
    let tuned = try run(
      [
        "tune", "--allow-debug-build", "--model", model, "--kernel", "^(i2s|tl1)_portable$",
        "--tokens", "1,128", "--threads", "1", "--min-time", "0.001", "--out", folder.path,
      ], cache: folder.path)
    #expect(tuned.status == 0, "\(tuned.error)")
    let after = try run(generate, cache: folder.path)
    #expect(after.out == before.out)
    #expect(after.error.contains("auto, by the tuning table: qkv "), "\(after.error)")
    #expect(!after.error.contains("the default"), "\(after.error)")
  }

  @Test func whatCannotBeTunedIsNamed() throws {
    let folder = try TemporaryFolder()
    for (options, status, says) in [
      (["--model", "2b-4x"], Int32(64), "2b-4t"),
      (["--model", "2b-4t", "--kernel", "^float_portable$"], 6, "no lossless kernel of int8"),
      (["--model", "2b-4t", "--min-time", "0"], 64, "--min-time"),
    ] {
      let refused = try run(["tune", "--allow-debug-build"] + options, cache: folder.path)
      #expect(refused.status == status && refused.error.contains(says), "\(refused.error)")
      #expect(refused.errorLines.count == 1)
    }
  }
}
