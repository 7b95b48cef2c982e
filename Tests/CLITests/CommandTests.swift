import Foundation
import Testing

/// The way of a user from the list to the report.
@Suite struct CommandTests {
  @Test(arguments: ["kernels", "models", "shapes"]) func listsForPeopleAndPrograms(subject: String)
    throws
  {
    let table = try Program.run("list", subject)
    let markdown = try Program.run("list", subject, "--format", "md")
    let csv = try Program.run("list", subject, "--format", "csv")
    let json = try Program.run("list", subject, "--format", "json")
    for output in [table, markdown, csv, json] {
      #expect(output.status == 0 && output.error.isEmpty, "\(subject): \(output.error)")
    }
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [[String: Any]])
    #expect(!rows.isEmpty)
    #expect(csv.out.split(separator: "\n").count == rows.count + 1)
    #expect(markdown.out.split(separator: "\n").count == rows.count + 2)
    for row in rows {
      let name = try #require(row.values.compactMap { $0 as? String }.first { !$0.isEmpty })
      #expect(table.out.contains(name) || subject == "shapes")
    }
  }

  @Test(arguments: [
    ["verify"], ["bench"], ["energy"], ["list"], ["report"], ["compare"], ["generate"], ["decode"],
    ["logits"], ["perplexity"], ["synthesize"],
  ])
  func everyCommandShowsAnExample(command: [String]) throws {
    let output = try Program.run(command + ["--help"])
    #expect(output.status == 0)
    #expect(output.out.contains("Example"), "\(command)")
    #expect(output.out.contains("ternbench \(command[0]) "), "\(command)")
  }

  @Test func benchWritesARunThatReportRenders() throws {
    let scratch = try TemporaryFolder()
    let bench = try Program.run(
      "bench", "--allow-debug-build", "--kernel", "^int8_dot_portable$", "--shape", "40x1x96",
      "40x3x96", "--threads", "1,2", "--cache", "hot", "--min-time", "0.001", "--seed", "7",
      "--out", scratch.path)
    #expect(bench.status == 0, "\(bench.error)")
    let folder = bench.out.trimmingCharacters(in: .newlines)
    let kernels = try String(contentsOfFile: folder + "/kernels.csv", encoding: .utf8)
    #expect(
      kernels.hasPrefix(
        "schema_version,run,kernel,family,layout,isa,bits_per_weight,lossless,model,layer,"
          + "out_features,in_features,tokens,threads,cache,status,reason,time_s,gop_per_s,"
          + "packed_gb_per_s,"))
    #expect(kernels.split(separator: "\n").count == 1 + 2 * 2)
    #expect(kernels.contains("--shape 40x3x96 --threads 2 --cache hot"))
    for file in ["samples.csv", "ceilings.csv", "environment.json"] {
      #expect(FileManager.default.fileExists(atPath: folder + "/" + file), "\(file)")
    }
    var pages: [String] = []
    for _ in 0..<2 {
      let report = try Program.run("report", folder, "--out", scratch.path + "/reports")
      #expect(report.status == 0, "\(report.error)")
      let page = report.out.trimmingCharacters(in: .newlines)
      pages.append(try String(contentsOfFile: page, encoding: .utf8))
    }
    #expect(pages[0] == pages[1])
    #expect(pages[0].contains("int8_dot_portable"))

    // The run against itself: nothing is slower, and every verdict agrees.
    let compare = try Program.run("compare", folder, folder, "--fail-on-slower")
    #expect(compare.status == 0, "\(compare.error)")
    #expect(compare.out.contains("Of 4 rows") && compare.out.contains("0 SLOWER"))
  }

  @Test func verifySaysWhatItChecked() throws {
    let output = try Program.run(
      "verify", "--kernel", "^int8_dot_portable$", "--shape", "5x2x37")
    #expect(output.status == 0, "\(output.error)")
    #expect(output.out.contains("int8_dot_portable") && output.out.contains("0 wrong results"))
  }
}
