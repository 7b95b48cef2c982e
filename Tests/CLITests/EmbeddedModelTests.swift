import Foundation
import Results
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

  /// Several texts are what each is alone, however many are side by side and whatever multiplies them.
  @Test func textsSideBySideAreThoseAlone() throws {
    let prompts = [
      Self.prompt, "ROMEO.", "-What, ho!", "My lord", "A", "Enter the King\n", "I", "O",
    ]
    let alone = try prompts.map { prompt in
      let output = try Program.run("generate", "-p", prompt, "-n", "12")
      #expect(output.status == 0, "\(output.error)")
      return output.out
    }
    let all = ["generate", "-n", "12"] + prompts.flatMap { ["-p", $0] }
    for more in [
      ["--batch", "8", "--threads", "2"], ["--batch", "3", "--threads", "1"],
      ["--batch", "8", "--kernel", "tl2_portable"], [],
    ] {
      let output = try Program.run(all + more)
      #expect(output.status == 0, "\(output.error)")
      #expect(output.out == alone.joined(), "\(more)")
    }
    // Each samples as it does alone, too.
    let warm = ["--temp", "0.8", "--top-k", "20", "--top-p", "0.9", "--seed", "5", "-n", "12"]
    let first = try Program.run(["generate", "-p", "My lord"] + warm)
    let both = try Program.run(["generate", "-p", "O", "-p", "My lord", "--batch", "2"] + warm)
    #expect(both.out.hasSuffix(first.out) && !alone.contains(first.out), "\(both.out)")
  }

  /// Where the layout is the file's own, weights are mapped, unless they are to be copied.
  @Test func loadingIsReported() throws {
    let arguments = ["generate", "-p", "To", "-n", "4", "--threads", "1", "--kernel"]
    let mapped = try Program.run(arguments + ["i2s_portable"])
    #expect(
      mapped.error.contains("MB in ") && mapped.error.contains("; mapped "), "\(mapped.error)")
    #expect(mapped.error.contains("the time of "), "\(mapped.error)")
    for more in [["i2s_portable", "--copy-weights"], ["tl2_portable"]] {
      let packed = try Program.run(arguments + more)
      #expect(packed.error.contains("weights packed "), "\(packed.error)")
      #expect(!packed.error.contains("mapped"), "\(packed.error)")
      #expect(packed.out == mapped.out)
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
    for row in try CSVReader<DecodeRow>(run + "/decode.csv").rows {
      #expect(row.packedBytes ?? 0 > 0 && row.packTokens ?? 0 > 0 && row.unpackSeconds ?? 0 > 0)
      // At 7 nm DRAM alone takes over 100 pJ a byte.
      let least = try #require(row.modelledJoulesLeast)
      let bytes = try #require(row.bytesPerToken)
      #expect(least > 100e-12 * bytes && least < 1e-8 * bytes, "\(least) of \(bytes) bytes")
      #expect((row.measuredJoules == nil) == row.energySource.isEmpty || !row.energyReason.isEmpty)
    }
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
