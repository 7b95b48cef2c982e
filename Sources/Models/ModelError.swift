public import Foundation

/// What can go wrong between a user's words and a model shape.
public enum ModelError: Error, Equatable {
  /// No model of the catalogue has this slug. A usage error.
  case unknownModel(slug: String, nearest: String?)
  /// The file cannot be read. An input/output error.
  case unreadableFile(path: String, reason: String)
  /// The file was read but does not describe a model. A data error.
  case invalidFile(path: String, key: String?, reason: String, remedy: String)
}

extension ModelError: CustomStringConvertible, LocalizedError {
  /// One line that names the thing, the reason and the remedy.
  public var description: String {
    switch self {
    case .unknownModel(let slug, let nearest):
      let hint = nearest.map { "; the nearest is \"\($0)\"" } ?? ""
      return "model \(String(reflecting: slug)): not in the catalogue\(hint); "
        + "\"ternbench list models\" shows all, and a path ending in .toml is a model of your own"
    case .unreadableFile(let path, let reason):
      return "model file \(String(reflecting: path)): cannot be read: \(reason); "
        + "check the path and its permissions"
    case .invalidFile(let path, let key, let reason, let remedy):
      let place = key.map { "key \(String(reflecting: $0)) " } ?? ""
      return "model file \(String(reflecting: path)): \(place)\(reason); \(remedy)"
    }
  }

  public var errorDescription: String? { description }
}
