import Foundation
import TestSupport
import Testing

/// The commands that run a model, on the one in the program.
@Suite struct EmbeddedModelTests {
  static func document(_ path: String) throws -> String {
    try String(contentsOf: PluginFixture.repository.appending(path: path), encoding: .utf8)
  }

  /// The lines of the block in which a document shows a command, behind the command.
  static func sample(of command: String, in path: String) throws -> String {
    let lines = try document(path).components(separatedBy: "\n")
    let begin = try #require(lines.firstIndex(of: "$ " + command), "\(path) shows \(command)")
    return lines[(begin + 1)...].prefix { $0 != "```" }.map { $0 + "\n" }.joined()
  }

  static let prompt = "To be, or not"
  static let command = "ternbench generate -p \"\(prompt)\" -n 64"

  /// What the documents show is what the program prints, with any lossless kernel and any threads.
  @Test(arguments: ["README.md", "docs/decoder.md"]) func theSampleIsTrue(path: String) throws {
    let sample = try Self.sample(of: Self.command, in: path)
    for more in [[], ["--threads", "1", "--kernel", "i2s_portable"], ["-m", "shakespeare"]] {
      let output = try Program.run(["generate", "-p", Self.prompt, "-n", "64"] + more)
      #expect(output.status == 0, "\(output.error)")
      #expect(output.out == sample, "\(path), \(more)")
    }
  }

  /// The model is in the program, wherever that is put.
  @Test func aMovedProgramHasItsModel() throws {
    let folder = try TemporaryFolder()
    let moved = folder.path + "/moved"
    // By a process of its own: a program that this one had open for writing is busy as long as a child that another
    // test forked at that moment has not yet begun its own program.
    let copy = try ChildProcess(["/bin/cp", Program.path.path, moved])
    #expect(try copy.wait().code == 0)
    let output = try Program.run(
      ["logits", "--ids", "0,1"], program: moved, folder: folder.path)
    #expect(output.status == 0, "\(output.error)")
    #expect(output.out.split(separator: "\n").count == 3)
    let again = try Program.run("logits", "--ids", "0,1")
    #expect(output.out == again.out)
  }

  @Test func perplexityIsThatOfTheModel() throws {
    let text = PluginFixture.repository
      .appending(path: "Tests/DecoderTests/Fixtures/shakespeare/heldout.txt").path
    let first = try Program.run("perplexity", "-f", text, "--most", "256")
    #expect(first.status == 0, "\(first.error)")
    #expect(Double(first.out.dropLast()).map { (5..<200).contains($0) } == true, "\(first.out)")
    #expect(first.error.contains("255 of 256 tokens predicted, in windows of 256"))
    let other = try Program.run(
      "perplexity", "-f", text, "--most", "256", "--kernel", "tl2_portable", "--threads", "1")
    #expect(other.out == first.out)
  }

  @Test func decodeMeasuresTheModel() throws {
    let folder = try TemporaryFolder()
    let output = try Program.run(
      "decode", "--prompt-tokens", "9", "--generate", "3", "--threads", "1", "--out", folder.path)
    #expect(output.status == 0, "\(output.error)")
    let run = try #require(output.out.split(separator: "\n").last)
    let rows = try String(contentsOfFile: run + "/decode.csv", encoding: .utf8)
      .split(separator: "\n")
    #expect(rows.count == 2)
    #expect(rows[1].contains(",shakespeare,embedded,"), "\(rows[1])")
  }

  @Test func whatTheModelCannotDoIsSaid() throws {
    let cases: [(arguments: [String], says: String)] = [
      (["generate", "-p", "To be", "-n", "300"], "made for 256"),
      (["logits", "--ids", "0", "--i2s-block", "64"], "hold 128"),
      (["decode", "--layers", "2"], "own weights"),
    ]
    for (arguments, says) in cases {
      let output = try Program.run(arguments)
      #expect(output.status == 64, "\(arguments): \(output.error)")
      #expect(output.out.isEmpty && output.errorLines.count == 1, "\(arguments): \(output.error)")
      #expect(output.error.contains(says), "\(arguments): \(output.error)")
    }
  }
}
