public import Foundation
import Models

/// What can go wrong between a user's words and a modelled energy.
public enum EnergyError: Error, Equatable {
  /// The file of operation energies cannot be read. An input/output error.
  case unreadableFile(path: String, reason: String)
  /// The file was read but is no table of operation energies. A data error.
  case invalidFile(path: String, key: String?, reason: String, remedy: String)
  /// The table of operation energies has no such node. A usage error.
  case unknownNode(name: String, origin: String, known: [String])
  /// The node has no DRAM of this name. A usage error.
  case unknownMemory(name: String, node: String, known: [String])
  /// The table bounds the energy of an operation by an SRAM, and holds none. A data error.
  case unpriced(operation: String, node: String, origin: String)
  /// Nobody says how many of the model's weights are zero, so none can be skipped. A usage error.
  case unknownZeros(model: String)
  /// An exact count of the model's operations does not fit 64 bits. A usage error.
  case tooManyOperations(model: String, tokens: Int)
}

extension EnergyError {
  /// The error for a file that gave no table.
  init(_ problem: TOMLFile.Problem, path: String) {
    self =
      switch problem {
      case .unreadable(let reason): .unreadableFile(path: path, reason: reason)
      case .invalid(let reason, let remedy):
        .invalidFile(path: path, key: nil, reason: reason, remedy: remedy)
      }
  }
}

extension EnergyError: CustomStringConvertible, LocalizedError {
  /// One line that names the thing, the reason and the remedy.
  public var description: String {
    switch self {
    case .unreadableFile(let path, let reason):
      return "operation energies \(String(reflecting: path)): cannot be read: \(reason); "
        + "check the path and its permissions"
    case .invalidFile(let path, let key, let reason, let remedy):
      let place = key.map { "key \(String(reflecting: $0)) " } ?? ""
      return "operation energies \(String(reflecting: path)): \(place)\(reason); \(remedy)"
    case .unknownNode(let name, let origin, let known):
      let nearest = nearestName(to: name, in: known).map { "the nearest is \"\($0)\"; " } ?? ""
      return "node \(String(reflecting: name)): not in the \(Self.words(origin)); \(nearest)"
        + "it holds \(known.joined(separator: ", "))"
    case .unknownMemory(let name, let node, let known):
      let nearest = nearestName(to: name, in: known)
        .map { "the nearest is \"\($0)\"; it has \(known.joined(separator: ", "))" }
      return "DRAM \(String(reflecting: name)): node \(node) has none of that name; "
        + (nearest ?? "it has none at all: add [nodes.\(node).dram] to the operation energies")
    case .unpriced(let operation, let node, let origin):
      return
        "operation \(operation): the \(Self.words(origin)) hold no SRAM at \(node) to bound it; "
        + "add [nodes.\(node).sram]"
    case .unknownZeros(let model):
      return
        "model \(String(reflecting: model)): its share of zero weights is unknown, so none can "
        + "be skipped; leave out --skip-zeros, or give zero_percent in a TOML file of your own"
    case .tooManyOperations(let model, let tokens):
      return "model \(String(reflecting: model)): the operations of \(tokens) tokens do not fit "
        + "64 bits; give fewer tokens"
    }
  }

  public var errorDescription: String? { description }

  private static func words(_ origin: String) -> String {
    origin == OperationEnergies.builtIn.origin
      ? "built-in operation energies" : "operation energies \(String(reflecting: origin))"
  }
}
