import Foundation
import Results
import TestSupport
import Testing

/// Whole models as a user measures them: in processes of their own, stopped and resumed, compared.
@Suite(
  .serialized, .disabled(if: Program.isEmulated, "an emulated process cannot start its kind"))
struct RingCommandTests {
  private static func bench(_ out: TemporaryFolder, _ more: [String]) throws -> [String] {
    let model = out.path + "/small.toml"
    try """
    schema = 1
    name = "Small"
    hidden = 64
    ffn = 72
    layers = 2
    heads = 2
    kv_heads = 1
    gated = true
    """.write(toFile: model, atomically: true, encoding: .utf8)
    return [
      "bench", "--allow-debug-build", "--kernel", "^(int8_dot_portable|i2s_portable)$", "--model",
      model, "--threads", "1,2", "--cache", "hot,ring", "--min-time", "0.001", "--out", out.path,
    ] + more
  }

  @Test func ringsAreMeasuredResumedReportedAndCompared() throws {
    let out = try TemporaryFolder()
    let whole = try Program.run(Self.bench(out, []))
    #expect(whole.status == 0, "\(whole.error)")
    let folder = whole.out.trimmingCharacters(in: .newlines)
    let run = try RunFolder(opening: folder)
    let first = try CSVReader<KernelRow>(run.kernels).rows
    let rings = first.filter { $0.cache == .ring }
    #expect(rings.count == 4 && rings.allSatisfy { $0.status == .ok && $0.distinctLayers == 2 })
    // Two blocks of 64 x (64 + 32 + 32 + 64 + 3 * 72) weights.
    #expect(rings.allSatisfy { $0.outFeatures * $0.inFeatures == 2 * 64 * 408 })

    // As a kill leaves it: without the last ring's checkpoint.
    let progress = folder + "/progress.csv"
    let lines = try String(contentsOfFile: progress, encoding: .utf8).split(separator: "\n")
    try (lines.dropLast().joined(separator: "\n") + "\n")
      .write(toFile: progress, atomically: true, encoding: .utf8)
    let resumed = try Program.run(Self.bench(out, ["--resume", folder]))
    #expect(resumed.status == 0, "\(resumed.error)")
    let rows = try CSVReader<KernelRow>(run.kernels).rows
    func key(_ row: KernelRow) -> String {
      "\(row.kernel) \(row.layer) \(row.threads) \(row.cache)"
    }
    #expect(rows.map(key).sorted() == first.map(key).sorted())
    #expect(Set(rows.map(key)).count == rows.count)

    let report = try Program.run("report", folder, "--out", out.path + "/reports")
    #expect(report.status == 0, "\(report.error)")
    let page = try String(
      contentsOfFile: report.out.trimmingCharacters(in: .newlines), encoding: .utf8)
    #expect(page.contains("## Through the whole model"))
    #expect(page.contains("### small, decode, 2 threads"))
    #expect(page.contains("### decode, 1 thread, hot"))
    let compared = try Program.run("compare", folder, folder)
    #expect(compared.status == 0, "\(compared.error)")
    #expect(compared.out.contains("Of 20 rows"), "\(compared.out)")
  }

  @Test func aRingIsOfAModel() throws {
    let out = try TemporaryFolder()
    for options in [["--shape", "8x1x16"], ["--model", "2b-4t", "--shape", "8x1x16"]] {
      let refused = try Program.run(
        ["bench", "--allow-debug-build", "--cache", "cold,ring", "--out", out.path] + options)
      #expect(refused.status == 64)
      #expect(refused.errorLines.count == 1 && refused.error.contains("--cache ring:"))
    }
    let energy = try Program.run(
      "energy", "--kernel", "i2s_portable", "--shape", "8x1x16", "--cache", "ring")
    #expect(energy.status == 64)
    let selfTest = try Program.run("selftest", "--allow-debug-build", "--cache", "ring")
    #expect(selfTest.status == 64)
  }
}
