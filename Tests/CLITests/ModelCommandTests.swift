import Foundation
import Results
import Testing

/// The commands that run a model, on a tiny one that the program makes itself.
@Suite struct ModelCommandTests {
  /// A folder with the description of a tiny model and its synthetic file.
  final class TinyModel {
    let folder: TemporaryFolder
    var shape: String { folder.path + "/tiny.toml" }
    var file: String { folder.path + "/tiny.gguf" }

    init() throws {
      folder = try TemporaryFolder()
      try """
      schema = 1
      name = "Tiny"
      hidden = 128
      ffn = 160
      layers = 2
      heads = 4
      kv_heads = 2
      vocab = 40
      gated = true
      activation = "relu2"
      norm = "rms+sub"
      tied = true
      max_context = 64
      """.write(toFile: shape, atomically: true, encoding: .utf8)
      let made = try Program.run("synthesize", "--model", shape, "--to", file, "--seed", "4")
      #expect(made.status == 0 && made.out.isEmpty, "\(made.error)")
    }
  }

  @Test func logitsDoNotDependOnKernelOrThreads() throws {
    let model = try TinyModel()
    let first = try Program.run("logits", "-m", model.file, "--ids", "1,2,3", "--threads", "1")
    #expect(first.status == 0, "\(first.error)")
    let lines = first.out.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[0].hasPrefix("position,token,logit_0,logit_1,"))
    #expect(lines.allSatisfy { $0.split(separator: ",").count == 42 })
    #expect(lines[3].hasPrefix("2,3,"))
    for kernel in ["i2s_portable", "tl2_portable"] {
      let other = try Program.run(
        "logits", "-m", model.file, "--ids", "1,2,3", "--kernel", kernel, "--threads", "2")
      #expect(other.status == 0, "\(other.error)")
      #expect(other.out == first.out, "\(kernel)")
    }
  }

  @Test func logitsAreTheSameInBothFormats() throws {
    struct Row: Decodable {
      let position, token: Int
      let logits: [Float]
    }
    let model = try TinyModel()
    let arguments = ["logits", "-m", model.file, "--ids", "7,0", "--threads", "1", "--format"]
    let csv = try Program.run(arguments + ["csv"]).out.split(separator: "\n").dropFirst()
    let json = try Program.run(arguments + ["json"]).out.split(separator: "\n").map {
      try JSONDecoder().decode(Row.self, from: Data($0.utf8))
    }
    #expect(json.map(\.position) == [0, 1] && json.map(\.token) == [7, 0])
    #expect(
      json.map(\.logits)
        == csv.map { $0.split(separator: ",").dropFirst(2).compactMap { Float($0) } })
    #expect(json.allSatisfy { $0.logits.count == 40 })
    #expect(try Program.run(arguments + ["xml"]).status == 64)
  }

  @Test func decodeWritesARun() throws {
    let model = try TinyModel()
    let output = try Program.run(
      "decode", "-m", model.shape, "--prompt-tokens", "5,9", "--generate", "3", "--batch", "1,2",
      "--threads", "1", "--head", "int8", "--layers", "1", "--out", model.folder.path + "/results")
    #expect(output.status == 0, "\(output.error)")
    #expect(output.out.contains("1 of 2 layers in memory, used in rotation: a step computes all 2"))
    #expect(output.out.contains("may stay in caches"))
    let run = try #require(output.out.split(separator: "\n").last)
    let csv = try String(contentsOfFile: run + "/decode.csv", encoding: .utf8)
    let rows = csv.split(separator: "\n")
    #expect(rows.count == 1 + 4)
    #expect(rows[1].contains(",tiny,synthetic,") && rows[1].contains(",int8,1,1,5,3,2,1,"))
    #expect(FileManager.default.fileExists(atPath: run + "/environment.json"))
    #expect(output.out.contains("predicted ") && output.out.contains("residual "))
    for row in try CSVReader<DecodeRow>(run + "/decode.csv").rows {
      #expect(row.ringSeconds ?? 0 > 0 && row.residualSeconds != nil)
      // The parts of a step are the linear layers and the others: medians of the same steps.
      #expect(row.linearSeconds ?? 0 > 0 && row.otherSeconds ?? 0 > 0)
    }
    let report = try Program.run("report", String(run), "--out", model.folder.path + "/reports")
    #expect(report.status == 0, "\(report.error)")
    let page = try String(
      contentsOfFile: report.out.trimmingCharacters(in: .newlines), encoding: .utf8)
    #expect(page.contains("## Decoding") && page.contains("Only decoding was measured."))
  }

  @Test func aFileAndItsShapeDecodeAlike() throws {
    let model = try TinyModel()
    let again = model.folder.path + "/again.gguf"
    let made = try Program.run("synthesize", "--model", model.shape, "--to", again, "--seed", "4")
    #expect(made.status == 0)
    #expect(
      FileManager.default.contents(atPath: again)
        == FileManager.default.contents(atPath: model.file))
  }

  @Test func convertWritesTheSameModel() throws {
    let model = try TinyModel()
    let copy = model.folder.path + "/copy.gguf"
    let made = try Program.run("convert", "-m", model.file, "--to", copy)
    #expect(made.status == 0 && made.out.isEmpty, "\(made.error)")
    #expect(
      FileManager.default.contents(atPath: copy)
        == FileManager.default.contents(atPath: model.file))
    #expect(!FileManager.default.fileExists(atPath: copy + ".part"))
  }

  @Test func whatIsWrongIsNamedInOneLine() throws {
    let model = try TinyModel()
    let garbage = model.folder.path + "/garbage.gguf"
    try "GGUX and nothing else".write(toFile: garbage, atomically: true, encoding: .utf8)
    let cut = model.folder.path + "/cut.gguf"
    let bytes = try #require(FileManager.default.contents(atPath: model.file))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: cut))
    let cases: [(arguments: [String], status: Int32, says: String)] = [
      (["logits", "-m", "no-such.gguf", "--ids", "1"], 74, "no-such.gguf"),
      (["logits", "-m", garbage, "--ids", "1"], 65, "GGUF"),
      (["logits", "-m", cut, "--ids", "1"], 65, "tensor"),
      (["logits", "-m", model.file, "--ids", "1,40"], 64, "vocabulary of 40"),
      (["logits", "-m", model.file, "--ids", "1,,2"], 64, "ids"),
      (["logits", "-m", model.file, "--ids", "1", "--kernel", "i2s_portabel"], 64, "i2s_portable"),
      (["logits", "-m", model.file, "--ids", "1", "--threads", "1,2"], 64, "--threads"),
      (["logits", "-m", model.file, "--ids", "1", "--i2s-block", "32"], 64, "i2s-block"),
      (["generate", "-m", model.file, "-p", "x"], 65, "tokenizer"),
      (["generate", "-m", model.file, "-p", "x", "--temp", "-1"], 64, "temp"),
      (["perplexity", "-m", model.file, "-f", "no-such.txt"], 74, "no-such.txt"),
      (["decode", "-m", "2b-4x"], 64, "2b-4t"),
      (["decode", "-m", "v1-13b"], 64, "gate"),
      (["decode", "-m", "dummy-100b", "--kernel", "float_portable"], 64, "--layers"),
      (["convert", "-m", "no-such.gguf", "--to", "x.gguf"], 74, "no-such.gguf"),
      (["convert", "-m", garbage, "--to", "x.gguf"], 65, "GGUF"),
      (["convert", "-m", model.file, "--to", "x.gguf", "--type", "TQ2_0"], 65, "256"),
      (["convert", "-m", model.file, "--to", "x.gguf", "--type", "Q4_0"], 64, "TQ2_0"),
      (["convert", "-m", model.file, "--to", "/proc/no-such/x.gguf"], 74, "/proc"),
      (["synthesize", "--model", "2b-4x", "--to", "x.gguf"], 64, "2b-4t"),
      (["synthesize", "--model", model.shape, "--to", "/proc/no-such/x.gguf"], 74, "/proc"),
      (["synthesize", "--model", model.shape, "--to", "x", "--type", "TQ2_0"], 64, "256"),
    ]
    for (arguments, status, says) in cases {
      let output = try Program.run(arguments)
      #expect(output.status == status, "\(arguments): \(output.error)")
      #expect(output.out.isEmpty, "\(arguments) printed \(output.out)")
      #expect(output.errorLines.count == 1, "\(arguments): \(output.error)")
      #expect(output.error.contains(says), "\(arguments): \(output.error)")
    }
  }
}
