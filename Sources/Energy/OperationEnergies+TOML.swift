import Models
import TOMLKit

extension OperationEnergies {
  /// The version of the file format that this build reads.
  static let tomlSchema = 1

  /// Reads a user's own table; docs/operation-energies.md describes the format.
  public init(tomlFile path: String) throws(EnergyError) {
    let table: TOMLTable
    do throws(TOMLFile.Problem) {
      table = try TOMLFile.table(
        at: path, whichIs: "operation energies are a page of TOML, see docs/operation-energies.md")
    } catch {
      throw EnergyError(error, path: path)
    }
    try self.init(table: table, origin: path)
  }

  /// Reads the text of a table; the origin serves the error messages and every figure made with it.
  init(toml text: String, origin: String) throws(EnergyError) {
    let table: TOMLTable
    do throws(TOMLFile.Problem) {
      table = try TOMLFile.table(of: text)
    } catch {
      throw EnergyError(error, path: origin)
    }
    try self.init(table: table, origin: origin)
  }

  private init(table: TOMLTable, origin: String) throws(EnergyError) {
    self.origin = origin
    do throws(TOMLSection.Problem) {
      nodes = try Self.nodes(of: TOMLSection(table))
    } catch {
      throw .invalidFile(path: origin, key: error.key, reason: error.reason, remedy: error.remedy)
    }
  }

  private static func nodes(
    of file: TOMLSection
  ) throws(TOMLSection.Problem) -> [NodeEnergies] {
    try file.expect(keys: ["schema", "sources", "nodes"])
    let schema = try file.integer("schema")
    guard schema == tomlSchema else {
      throw file.problem(
        "schema", "is \(schema)", remedy: "this build reads \"schema = \(tomlSchema)\"")
    }

    let section = try file.section("sources")
    var sources: [String: String] = [:]
    for id in section.keys { sources[id] = try section.text(id) }

    let nodes = try file.section("nodes")
    guard !nodes.keys.isEmpty else {
      throw file.problem("nodes", "is empty", remedy: "add a node, such as [nodes.7nm.add]")
    }
    var all: [NodeEnergies] = []
    for name in nodes.keys {
      all.append(
        try NodeEnergies(name: name, values: nodes.section(name), sources: sources))
    }
    return all
  }
}

extension NodeEnergies {
  fileprivate init(
    name: String, values: TOMLSection, sources: [String: String]
  ) throws(TOMLSection.Problem) {
    try values.expect(keys: ["add", "mul", "sram", "dram"])
    self.name = name
    add = try ArithmeticEnergies(values.section("add"), sources: sources)
    multiply = try ArithmeticEnergies(values.section("mul"), sources: sources)
    sram = try Self.memories(values, "sram", sources: sources)
      .sorted { ($0.capacityBytes ?? 0) < ($1.capacityBytes ?? 0) }
    dram = try Self.memories(values, "dram", sources: sources)
  }

  /// Reads the memories of one kind; a table for arithmetic alone needs none.
  private static func memories(
    _ values: TOMLSection, _ kind: String, sources: [String: String]
  ) throws(TOMLSection.Problem) -> [MemoryEnergy] {
    guard values.keys.contains(kind) else { return [] }
    let section = try values.section(kind)
    var all: [MemoryEnergy] = []
    for name in section.keys {
      all.append(
        try MemoryEnergy(
          name: name, hasCapacity: kind == "sram", values: section.section(name), sources: sources))
    }
    return all
  }
}

extension ArithmeticEnergies {
  fileprivate init(
    _ values: TOMLSection, sources: [String: String]
  ) throws(TOMLSection.Problem) {
    try values.expect(keys: ["int8", "int32", "bf16", "fp16", "fp32"])
    int8 = try OperationEnergy(values.section("int8"), sources: sources)
    int32 = try OperationEnergy(values.section("int32"), sources: sources)
    fp16 = try OperationEnergy(values.section("fp16"), sources: sources)
    fp32 = try OperationEnergy(values.section("fp32"), sources: sources)
    bf16 =
      values.keys.contains("bf16")
      ? try OperationEnergy(values.section("bf16"), sources: sources) : nil
  }
}

extension OperationEnergy {
  fileprivate init(
    _ values: TOMLSection, sources: [String: String]
  ) throws(TOMLSection.Problem) {
    try values.expect(keys: ["pj", "source"])
    picojoules = try values.picojoules("pj")
    source = try values.source(from: sources)
  }
}

extension MemoryEnergy {
  /// The largest access and memory that are not a slip of the keyboard.
  private static let largestBits = 65_536, largestBytes = 1 << 40

  fileprivate init(
    name: String, hasCapacity: Bool, values: TOMLSection, sources: [String: String]
  ) throws(TOMLSection.Problem) {
    try values.expect(
      keys: (hasCapacity ? ["bytes"] : []) + ["bits", "pj", "pj_min", "pj_max", "source"])
    self.name = name
    capacityBytes =
      hasCapacity ? try values.integer("bytes", in: 1...Self.largestBytes) : nil
    bitsPerAccess = try values.integer("bits", in: 1...Self.largestBits)
    picojoulesPerAccess = try Self.range(values)
    source = try values.source(from: sources)
  }

  private static func range(
    _ values: TOMLSection
  ) throws(TOMLSection.Problem) -> ClosedRange<Double> {
    guard values.keys.contains("pj_min") || values.keys.contains("pj_max") else {
      let one = try values.picojoules("pj")
      return one...one
    }
    guard !values.keys.contains("pj") else {
      throw values.problem(
        "pj", "is given beside a range", remedy: "keep either pj, or pj_min and pj_max")
    }
    let low = try values.picojoules("pj_min")
    let high = try values.picojoules("pj_max")
    guard low <= high else {
      throw values.problem(
        "pj_max", "is \(high), below pj_min, \(low)", remedy: "exchange the two")
    }
    return low...high
  }
}

extension TOMLSection {
  /// The largest energy that is not a slip of the keyboard: a thousand times the costliest DRAM access.
  private static let largestPicojoules = 1e7

  fileprivate func picojoules(_ key: String) throws(Problem) -> Double {
    try number(key, in: 0...Self.largestPicojoules)
  }

  /// Reads the source's name and returns its text.
  fileprivate func source(from sources: [String: String]) throws(Problem) -> String {
    let id = try text("source")
    guard let source = sources[id] else {
      let nearest = nearestName(to: id, in: sources.keys.sorted())
      throw problem(
        "source", "is \(String(reflecting: id)), which [sources] does not hold",
        remedy: nearest.map { "add it there; the nearest is \"\($0)\"" } ?? "add it there")
    }
    return source
  }
}
