internal import Foundation

/// A CSV file that grows row by row; each row is on the device when `append` returns.
public final class CSVWriter<Row: CSVRow> {
  private let path: String
  private let file: OpenFile
  private let columns = Row.columns

  /// Creates the file with its header, whole or not at all.
  public init(creating path: String) throws {
    guard access(path, F_OK) != 0 else {
      throw ResultsError(
        .io, file: path, reason: "already exists", remedy: "rows of a run are never overwritten")
    }
    try AtomicFile.write(CSV.line(columns.map(\.name)), to: path)
    self.path = path
    file = try OpenFile(path, flags: O_WRONLY | O_APPEND)
  }

  /// Opens a file to go on with, cut back to a size that it had after some row.
  ///
  /// - Throws: `ResultsError` if the file is shorter than that, or has other columns.
  public init(resuming path: String, at size: Int) throws {
    let header = Array(CSV.line(columns.map(\.name)).utf8)
    guard try OpenFile.contents(path).starts(with: header) else {
      throw ResultsError(
        .data, file: path, reason: "has other columns than this ternbench writes",
        remedy: "resume with the ternbench that began the run")
    }
    file = try OpenFile(path, flags: O_RDWR | O_APPEND)
    self.path = path
    guard try file.size() >= size, size >= header.count else {
      throw ResultsError(
        .data, file: path, reason: "is shorter than progress.csv says",
        remedy: "restore the file or run the benchmark again")
    }
    file.cut(to: off_t(size))
    try file.sync()
  }

  /// How long the file is, in bytes.
  public var size: Int {
    get throws { Int(try file.size()) }
  }

  /// Writes a whole file of rows that are all known, or none of it.
  ///
  /// - Precondition: The rows' values are consistent and finite.
  public static func write(_ rows: [Row], to path: String) throws {
    let columns = Row.columns
    try AtomicFile.write(
      CSV.line(columns.map(\.name)) + rows.map { Self.line($0, columns, path) }.joined(), to: path)
  }

  private static func line(_ row: Row, _ columns: [Column<Row>], _ path: String) -> String {
    if let inconsistency = row.inconsistency {
      // Not a precondition failure, which says nothing in a release build.
      fatalError("\(path): \(inconsistency): \(row)")
    }
    return CSV.line(columns.map { $0.write(row) })
  }

  /// Appends one row; after an error the file holds the rows that it held before.
  ///
  /// - Precondition: The row's values are consistent and finite.
  public func append(_ row: Row) throws {
    try append(contentsOf: [row])
  }

  /// Appends rows that belong together with one write; after an error none of them is kept.
  ///
  /// - Precondition: The rows' values are consistent and finite.
  public func append(contentsOf rows: [Row]) throws {
    guard !rows.isEmpty else { return }
    let lines = rows.map { Self.line($0, columns, path) }.joined()
    let end = try file.size()
    do {
      try file.write(Array(lines.utf8))
      try file.sync()
    } catch {
      file.cut(to: end)
      throw error
    }
  }
}

/// RFC 4180, with LF line ends.
public enum CSV {
  /// One line of a file, with its line end.
  public static func line(_ cells: [String]) -> String {
    cells.map(quoted).joined(separator: ",") + "\n"
  }

  /// The cell, in quotes where it needs them, and where a spreadsheet would trim it.
  private static func quoted(_ cell: String) -> String {
    let bytes = cell.utf8
    let edges = [bytes.first, bytes.last]
    guard
      bytes.contains(where: [comma, quote, lf, cr].contains)
        || edges.contains(space) || edges.contains(tab)
    else { return cell }
    // By scalar: as a Character, a quote may hide under a combining mark.
    var scalars = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in cell.unicodeScalars {
      scalars.append(scalar)
      if scalar == "\"" { scalars.append(scalar) }
    }
    scalars.append("\"")
    return String(scalars)
  }

  static let comma = UInt8(ascii: ",")
  static let quote = UInt8(ascii: "\"")
  static let lf = UInt8(ascii: "\n")
  static let cr = UInt8(ascii: "\r")
  private static let space = UInt8(ascii: " ")
  private static let tab = UInt8(ascii: "\t")
}
