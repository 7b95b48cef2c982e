import Foundation
import Testing

@Suite struct EnergyCommandTests {
  @Test func aModelsEnergyIsAValidCSV() throws {
    let output = try Program.run(
      "energy", "--model", "2b-4t", "--scheme", "fp16", "ternary", "--format", "csv")
    #expect(output.status == 0, "\(output.error)")
    #expect(output.error.isEmpty)
    let lines = output.out.split(separator: "\n").map(String.init)
    #expect(
      lines.first?.hasPrefix(
        "model,scheme,node,tokens,linear_macs,attention_macs,scale_muls,skipped_adds,add_j,mul_j,"
          + "total_j,") == true)
    #expect(lines.count == 3)
    #expect(
      lines.last?.hasPrefix(
        "2b-4t,ternary,7nm,512,1067030937600,40265318400,692060160,0,0.013912,0.013926,0.027837,")
        == true)
    for line in lines.dropFirst() { #expect(line.contains("modelled: ")) }
  }

  @Test func theTableSaysWhatTheFigureIs() throws {
    for format in ["table", "md"] {
      let output = try Program.run(
        "energy", "--model", "2b-4t", "--scheme", "ternary", "--format", format)
      #expect(output.status == 0, "\(output.error)")
      for words in [
        "512 tokens and not a token", "72.3 % is FP16 attention", "zero weights count",
        "71.4 times",
        "no memory traffic",
      ] { #expect(output.out.contains(words), "\(format): no \"\(words)\"") }
    }
  }

  @Test func aUsersModelAndEnergiesAreTaken() throws {
    let scratch = try TemporaryFolder()
    let model = scratch.path + "/mine.toml"
    try """
    schema = 1
    name = "Mine"
    hidden = 8
    ffn = 16
    layers = 1
    heads = 2
    kv_heads = 1
    gated = false
    zero_percent = 50
    """.write(toFile: model, atomically: true, encoding: .utf8)
    let energies = scratch.path + "/energies.toml"
    let values = ["int8", "int32", "fp16", "fp32"]
      .map { "\($0) = { pj = 1e6, source = \"mine\" }" }.joined(separator: "\n")
    try """
    schema = 1
    [sources]
    mine = "A guess"
    [nodes.1nm.add]
    \(values)
    [nodes.1nm.mul]
    \(values)
    """.write(toFile: energies, atomically: true, encoding: .utf8)

    let output = try Program.run(
      "energy", "--model", model, "--operations", energies, "--node", "1nm", "--tokens", "2",
      "--scheme", "ternary", "--skip-zeros", "--format", "json")
    #expect(output.status == 0, "\(output.error)")
    let rows = try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [[String: Any]]
    let row = try #require(rows?.first)
    // Weights: q and o 8x8, k and v 4x8, up and down 16x8: 448, half of them zero.
    #expect(row["linear_macs"] as? Int == 896)
    #expect(row["skipped_adds"] as? Int == 448)
    // 2 heads x 2 x 2 tokens x 4 wide, twice.
    #expect(row["attention_macs"] as? Int == 64)
    // Ends: 16 + 12 + 12 + 16 + 24 + 24.
    #expect(row["scale_muls"] as? Int == 208)
    // A microjoule an operation: 448 + 64 additions, 64 + 208 multiplications.
    #expect(row["add_j"] as? Double == 0.000512)
    #expect(row["mul_j"] as? Double == 0.000272)
    #expect(row["memory_bytes"] as? Int == 90)
    #expect((row["energy_source"] as? String)?.contains("energies.toml") == true)
  }

  @Test func thePapersAreReproducedIntoAPage() throws {
    let scratch = try TemporaryFolder()
    let output = try Program.run("energy", "--reproduce", "--out", scratch.path)
    #expect(output.status == 0, "\(output.error)")
    let page = try String(contentsOfFile: scratch.path + "/energy-papers.md", encoding: .utf8)
    #expect(output.out.trimmingCharacters(in: .newlines) == page.trimmingCharacters(in: .newlines))
    #expect(page.contains("and 0 not."))
  }
}
