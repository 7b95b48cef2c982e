/// What one operation costs, by technology node: the data that every modelled joule comes from.
public struct OperationEnergies: Sendable, Equatable {
  /// Whose table it is: "built-in", or the path of a user's file.
  public let origin: String
  /// The nodes, by name.
  public let nodes: [NodeEnergies]

  /// The node that a figure is given for where none is chosen: the papers'.
  public static let papersNode = "7nm"

  /// The table that comes with the program, from the sources that it names.
  public static let builtIn: OperationEnergies = {
    do {
      return try OperationEnergies(
        toml: String(decoding: PackageResources.operations_toml, as: UTF8.self), origin: "built-in")
    } catch {
      // The file is part of the program and a test reads it: this cannot be caused from outside.
      fatalError("embedded operations.toml: \(error)")
    }
  }()

  /// Returns the node of that name.
  public func node(_ name: String) throws(EnergyError) -> NodeEnergies {
    guard let node = nodes.first(where: { $0.name == name }) else {
      throw .unknownNode(name: name, origin: origin, known: nodes.map(\.name))
    }
    return node
  }
}

/// What one operation costs at one technology node.
public struct NodeEnergies: Sendable, Equatable {
  /// "7nm".
  public let name: String
  public let add: ArithmeticEnergies
  public let multiply: ArithmeticEnergies
  /// Smallest first.
  public let sram: [MemoryEnergy]
  /// By name.
  public let dram: [MemoryEnergy]
}

/// What one addition, or one multiplication, costs by the type of its operands.
public struct ArithmeticEnergies: Sendable, Equatable {
  public let int8, int32, fp16, fp32: OperationEnergy
  /// `nil` where nobody has published one, as for 45 nm.
  public let bf16: OperationEnergy?
}

/// The energy of one operation, and who says so.
public struct OperationEnergy: Sendable, Equatable {
  public let picojoules: Double
  public let source: String
}

/// The energy of one access to a memory, and who says so.
public struct MemoryEnergy: Sendable, Equatable {
  /// "32KB", "HBM2".
  public let name: String
  /// What the memory holds; `nil` for DRAM.
  public let capacityBytes: Int?
  public let bitsPerAccess: Int
  /// One number where the source gives one, else its range.
  public let picojoulesPerAccess: ClosedRange<Double>
  public let source: String
}
