import Foundation
import Testing

@testable import Energy

private let minimal = """
  schema = 1
  [sources]
  mine = "Measured by me"
  [nodes.5nm.add]
  int8 = { pj = 1, source = "mine" }
  int32 = { pj = 2, source = "mine" }
  fp16 = { pj = 3, source = "mine" }
  fp32 = { pj = 4, source = "mine" }
  [nodes.5nm.mul]
  int8 = { pj = 5, source = "mine" }
  int32 = { pj = 6, source = "mine" }
  fp16 = { pj = 7, source = "mine" }
  fp32 = { pj = 8.5, source = "mine" }
  """

@Suite struct OperationEnergiesTests {
  @Test func builtInValuesAreThePublished() throws {
    let energies = OperationEnergies.builtIn
    #expect(energies.nodes.map(\.name) == ["45nm", "7nm"])
    func values(_ e: ArithmeticEnergies) -> [Double?] {
      [e.int8, e.int32, e.fp16, e.fp32, e.bf16].map { $0?.picojoules }
    }
    let old = try energies.node("45nm")
    #expect(values(old.add) == [0.03, 0.1, 0.4, 0.9, nil])
    #expect(values(old.multiply) == [0.2, 3.1, 1.1, 3.7, nil])
    let new = try energies.node(OperationEnergies.papersNode)
    #expect(values(new.add) == [0.007, 0.03, 0.16, 0.38, 0.11])
    #expect(values(new.multiply) == [0.07, 1.48, 0.34, 1.31, 0.21])

    func memories(_ all: [MemoryEnergy]) -> [String] {
      all.map {
        "\($0.name) \($0.capacityBytes ?? 0) \($0.picojoulesPerAccess) \($0.bitsPerAccess)"
      }
    }
    #expect(
      memories(old.sram) == [
        "8KB 8192 10.0...10.0 64", "32KB 32768 20.0...20.0 64", "1MB 1048576 100.0...100.0 64",
      ])
    #expect(
      memories(new.sram) == [
        "8KB 8192 7.5...7.5 64", "32KB 32768 8.5...8.5 64", "1MB 1048576 14.0...14.0 64",
      ])
    #expect(memories(old.dram) == ["DDR3 0 1300.0...2600.0 64"])
    #expect(
      memories(new.dram) == [
        "DDR3/4 0 1300.0...1300.0 64", "GDDR6 0 350.0...480.0 64", "HBM2 0 250.0...450.0 64",
      ])
  }

  @Test func aUsersTableIsRead() throws {
    let node = try OperationEnergies(toml: minimal, origin: "mine.toml").node("5nm")
    #expect(node.multiply.fp32 == OperationEnergy(picojoules: 8.5, source: "Measured by me"))
    #expect(node.add.bf16 == nil)
    #expect(node.sram.isEmpty && node.dram.isEmpty)
  }

  @Test func theDocumentedExampleIsRead() throws {
    let page = try String(
      contentsOf: URL(filePath: #filePath).appending(path: "../../../docs/operation-energies.md")
        .standardized,
      encoding: .utf8)
    let fence = try #require(page.firstRange(of: "```toml\n"))
    let example = page[fence.upperBound...].prefix { $0 != "`" }
    let energies = try OperationEnergies(toml: String(example), origin: "example.toml")
    let node = try energies.node("5nm")
    #expect(node.add.int8.picojoules == 0.005)
    #expect(node.dram.map(\.name) == ["LPDDR5"])
  }

  @Test func theNearestNodeIsNamed() {
    let error = failure(EnergyError.self) { try OperationEnergies.builtIn.node("7 nm") }
    #expect(
      error?.description
        == "node \"7 nm\": not in the built-in operation energies; the nearest is \"7nm\"; "
        + "it holds 45nm, 7nm")
  }

  @Test(arguments: [
    ("schema = 1", "", "schema", "is missing"),
    ("schema = 1", "schema = 2", "schema", "is 2"),
    ("schema = 1", "schema = \"1\"", "schema", "whole number"),
    ("schema = 1", "schema = 1\nnode = 3", "node", "nearest known key is \"nodes\""),
    ("schema = 1", "schema = 1\n\"a\\u0000b\" = 1", "a", "is unknown"),
    ("[sources]\nmine = \"Measured by me\"", "", "sources", "is missing"),
    ("mine = \"Measured by me\"", "", "nodes.5nm.add.int8.source", "[sources] does not hold"),
    ("mine = \"Measured by me\"", "mine = \"\"", "sources.mine", "text of 1 to"),
    ("mine = \"Measured by me\"", "mine = 7", "sources.mine", "is 7"),
    ("mine = \"Measured by me\"", "mine = \"a\\nb\"", "sources.mine", "control characters"),
    ("int8 = { pj = 1, source = \"mine\" }", "", "nodes.5nm.add.int8", "is missing"),
    ("int8 = { pj = 1, source = \"mine\" }", "int8 = 1", "nodes.5nm.add.int8", "a table"),
    ("pj = 1,", "pj = -1,", "nodes.5nm.add.int8.pj", "is -1"),
    ("pj = 1,", "pj = -0.5,", "nodes.5nm.add.int8.pj", "a number from 0.0"),
    ("pj = 1,", "pj = nan,", "nodes.5nm.add.int8.pj", "is nan"),
    ("pj = 1,", "pj = inf,", "nodes.5nm.add.int8.pj", "is inf"),
    ("pj = 1,", "pj = 1e9,", "nodes.5nm.add.int8.pj", "a number from 0.0"),
    ("pj = 1,", "pj = \"1\",", "nodes.5nm.add.int8.pj", "the text \"1\""),
    ("pj = 1,", "pj = true,", "nodes.5nm.add.int8.pj", "is true"),
    ("pj = 1,", "", "nodes.5nm.add.int8.pj", "is missing"),
    ("pj = 1,", "pj = 1, unit = \"J\",", "nodes.5nm.add.int8.unit", "is unknown"),
    ("pj = 1, source = \"mine\"", "pj = 1", "nodes.5nm.add.int8.source", "is missing"),
    ("pj = 1, source = \"mine\"", "pj = 1, source = \"min\"", "nodes.5nm.add.int8.source", "mine"),
    ("int8 = { pj = 5", "fp8 = { pj = 5", "nodes.5nm.mul.fp8", "is unknown"),
    ("[nodes.5nm.mul]", "[nodes.5nm.div]", "nodes.5nm.div", "is unknown"),
    ("[nodes.5nm.mul]", "[nodes.4nm.mul]", "nodes.4nm.add", "is missing"),
  ])
  func aBadTableIsNamed(part: String, replacement: String, key: String, says: String) throws {
    let text = minimal.replacing(part, with: replacement, maxReplacements: 1)
    #expect(text != minimal)
    try expectBad(text, key: key, says: says)
  }

  @Test(arguments: [
    ("[nodes.5nm.sram]\nL1 = { bits = 64, pj = 1, source = \"mine\" }", "sram.L1.bytes", "missing"),
    (
      "[nodes.5nm.sram]\nL1 = { bytes = 0, bits = 64, pj = 1, source = \"mine\" }",
      "sram.L1.bytes", "is 0"
    ),
    ("[nodes.5nm.dram]\nX = { pj = 1, source = \"mine\" }", "dram.X.bits", "is missing"),
    ("[nodes.5nm.dram]\nX = { bits = 64, source = \"mine\" }", "dram.X.pj", "is missing"),
    (
      "[nodes.5nm.dram]\nX = { bits = 64, pj_min = 1, source = \"mine\" }", "dram.X.pj_max",
      "is missing"
    ),
    (
      "[nodes.5nm.dram]\nX = { bits = 64, pj_min = 2, pj_max = 1, source = \"mine\" }",
      "dram.X.pj_max", "below pj_min"
    ),
    (
      "[nodes.5nm.dram]\nX = { bits = 64, pj = 1, pj_max = 2, source = \"mine\" }", "dram.X.pj",
      "beside a range"
    ),
    (
      "[nodes.5nm.dram]\nX = { bytes = 8, bits = 64, pj = 1, source = \"mine\" }", "dram.X.bytes",
      "is unknown"
    ),
    ("[nodes.5nm]\ndram = 3", "dram", "is 3"),
  ])
  func aBadMemoryIsNamed(lines: String, key: String, says: String) throws {
    try expectBad(minimal + "\n" + lines, key: "nodes.5nm." + key, says: says)
  }

  @Test func aTableWithoutNodesIsNamed() throws {
    try expectBad("schema = 1\n[sources]\n[nodes]", key: "nodes", says: "is empty")
  }

  private func expectBad(_ text: String, key: String, says: String) throws {
    let error = failure(EnergyError.self) { try OperationEnergies(toml: text, origin: "mine.toml") }
    guard case .invalidFile("mine.toml", key, _, _) = error else {
      Issue.record("\(String(describing: error)) does not name \(key)")
      return
    }
    let message = try #require(error?.description)
    #expect(message.contains(says), "\(message)")
    #expect(message.contains("mine.toml"))
    #expect(!message.contains("\n"))
  }
}

@Suite struct OperationEnergyFileTests {
  @Test func anUnreadableFileIsAnInputError() {
    #expect(
      throws: EnergyError.unreadableFile(
        path: "/no/such.toml", reason: "No such file or directory")
    ) { try OperationEnergies(tomlFile: "/no/such.toml") }
    #expect(throws: EnergyError.unreadableFile(path: "/", reason: "Is a directory")) {
      try OperationEnergies(tomlFile: "/")
    }
  }

  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x41], "not UTF-8"),
      (Array((minimal + "\u{0}").utf8), "not UTF-8"),
      ([UInt8](repeating: 0x0A, count: 70_000), "larger than 65536 bytes"),
      (Array("schema = = 1".utf8), "not TOML at line 1"),
      ([], "\"schema\" is missing"),
    ] as [([UInt8], String)])
  func aFileOfSomethingElseIsADataError(bytes: [UInt8], says: String) throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "ternbench-\(UUID().uuidString).toml")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    let error = failure(EnergyError.self) { try OperationEnergies(tomlFile: url.path) }
    guard case .invalidFile(url.path, _, _, _) = error else {
      Issue.record("\(String(describing: error)) is not a data error")
      return
    }
    #expect(error?.description.contains(says) == true)
  }
}
