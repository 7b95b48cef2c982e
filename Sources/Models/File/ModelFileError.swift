/// What is wrong with a file of weights or of a tokenizer.
public struct ModelFileError: Error, Equatable, Sendable {
  public enum Category: Sendable {
    /// The file cannot be read at all. An input/output error.
    case unreadable
    /// The file was read and makes no sense, or holds what this program does not know. A data error.
    case invalid
  }

  public let category: Category
  public let path: String
  /// The tensor, key or token that is wrong, as `tensor "blk.0.attn_q.weight"`; empty: the whole file.
  public let part: String
  public let reason: String
  /// What the user can do.
  public let remedy: String

  package init(
    _ category: Category = .invalid, path: String, part: String = "", reason: String,
    remedy: String = "the file is damaged or was made for another program"
  ) {
    self.category = category
    self.path = path
    self.part = part
    self.reason = reason
    self.remedy = remedy
  }
}

extension ModelFileError: CustomStringConvertible {
  /// One line that names the file, the part, the reason and the remedy.
  public var description: String {
    let place = part.isEmpty ? "" : "\(part) "
    return Self.inOneLine(
      "model file \(String(reflecting: path)): \(place)\(reason); \(remedy)")
  }

  /// What a file calls its parts may hold anything: what would end a line or move a terminal is written out.
  private static func inOneLine(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
      default: String(scalar)
      }
    }.joined()
  }
}
