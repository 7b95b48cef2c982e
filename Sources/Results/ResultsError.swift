/// What went wrong with a file of results, as one line: the thing, the reason and the remedy.
public struct ResultsError: Error, Equatable, CustomStringConvertible {
  /// Whose fault it is, and so how a command line exits.
  public enum Category: Int32, Sendable {
    /// The file's contents are wrong (EX_DATAERR).
    case data = 65
    /// The file system said no (EX_IOERR).
    case io = 74

    /// The exit status of a command that fails for this.
    public var exitCode: Int32 { rawValue }
  }

  /// Whether the data or the file system is to blame.
  public let category: Category
  /// The file or folder, as the user gave it.
  public let file: String
  /// The line of the file, from 1, where there is one.
  public let line: Int?
  /// The column's name, where there is one.
  public let column: String?
  /// What is wrong.
  public let reason: String
  /// What to do about it.
  public let remedy: String

  /// Creates an error about a file.
  public init(
    _ category: Category, file: String, line: Int? = nil, column: String? = nil,
    reason: String, remedy: String
  ) {
    self.category = category
    self.file = file
    self.line = line
    self.column = column
    self.reason = reason
    self.remedy = remedy
  }

  /// One line, `file:line: column: reason; remedy`, whatever the file contained.
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if let column { place += ": \(column)" }
    return "\(place): \(reason); \(remedy)".map { $0.isNewline ? " " : String($0) }.joined()
  }
}

extension String {
  /// The text in quotes on one line, shortened: fit to be shown in an error.
  var quotedForError: String {
    let longest = 40
    let text = count > longest ? prefix(longest) + "..." : self[...]
    return String(text).debugDescription
  }
}
