internal import Foundation

/// The rows of one CSV file.
public struct CSVReader<Row: CSVRow>: Sendable {
  /// What to do about a last line that a kill has cut.
  public enum TornLine: Sendable {
    /// Throw: the default, so that nobody reads less than was written without knowing.
    case reject
    /// Leave it out and say so in `tornLine`: its case is to be measured again.
    case leaveOut
  }

  /// The rows, in the file's order.
  public let rows: [Row]
  /// The line that was left out because it was cut, from 1.
  public let tornLine: Int?
  /// How many bytes precede the torn line, or all of them.
  public let completeBytes: Int

  /// Reads a file and checks all of it against the schema.
  public init(_ path: String, tornLine torn: TornLine = .reject) throws {
    let records = try CSVReader.records(path)
    if let line = records.tornLine, torn == .reject || records.complete.isEmpty {
      throw CSVReader.error(
        path, line: line, "the last line is cut short: the run was killed or the file truncated",
        remedy: "restore the file, or delete its last line to use the rest")
    }
    guard let header = records.complete.first else {
      throw CSVReader.error(path, line: 1, "is empty, without even a header")
    }
    let body = records.complete.dropFirst()
    let columns = try CSVReader.columns(path, header: header, first: body.first)
    let version = body.first?.cells[0] ?? ""
    rows = try body.map { try CSVReader.row($0, columns, version: version, path) }
    tornLine = records.tornLine
    completeBytes = records.completeBytes
  }

  private static func records(_ path: String) throws -> CSVRecords {
    guard let text = String(bytes: try OpenFile.contents(path), encoding: .utf8)
    else { throw error(path, line: nil, "is not UTF-8 text") }
    do {
      return try CSVRecords(text)
    } catch {
      throw self.error(path, line: error.line, error.reason)
    }
  }

  /// The columns of the file's schema version, once its header has been found to hold just these.
  private static func columns(
    _ path: String, header: CSVRecords.Record, first: CSVRecords.Record?
  ) throws -> [Column<Row>] {
    let version = try version(path, header: header, first: first)
    let expected = Row.columns.filter { $0.since <= version }
    let names = expected.map(\.name)
    guard header.cells != names else { return expected }

    let missing = names.filter { !header.cells.contains($0) }
    let unknown = header.cells.filter { !names.contains($0) }
    let complaint =
      if let name = unknown.first {
        "unknown column \(name.quotedForError)"
      } else if let name = missing.first {
        "no column \(name.quotedForError)"
      } else {
        "columns repeated or out of order"
      }
    throw error(path, line: header.line, "\(complaint) for schema version \(version)")
  }

  private static func version(
    _ path: String, header: CSVRecords.Record, first: CSVRecords.Record?
  ) throws -> Int {
    let name = Row.columns[0].name
    guard header.cells.first == name else {
      throw error(path, line: header.line, "the first column is not \(name): no file of ternbench")
    }
    guard let first else {
      // No row says which version it is: the newest whose columns these are.
      let versions = (1...Row.schemaVersion).reversed()
      return versions.first { version in
        Row.columns.filter { $0.since <= version }.map(\.name) == header.cells
      } ?? Row.schemaVersion
    }
    guard let version = Int(cell: first.cells[0]) else {
      throw error(
        path, line: first.line, column: name, "\(first.cells[0].quotedForError) is not an integer")
    }
    guard (1...Row.schemaVersion).contains(version) else {
      throw error(
        path, line: first.line, column: name,
        "schema version \(version), and this ternbench reads 1 to \(Row.schemaVersion)",
        remedy: "read it with the ternbench named in the run's environment.json")
    }
    return version
  }

  private static func row(
    _ record: CSVRecords.Record, _ columns: [Column<Row>], version: String, _ path: String
  ) throws -> Row {
    let cells = record.cells
    guard cells.count == columns.count else {
      throw error(path, line: record.line, "\(cells.count) cells for \(columns.count) columns")
    }
    guard cells[0] == version else {
      throw error(
        path, line: record.line, column: columns[0].name,
        "schema version \(cells[0].quotedForError) in a file of version \(version)")
    }
    var row = Row.blank
    func take(derived: Bool) throws {
      for (column, cell) in zip(columns, cells) where column.isDerived == derived {
        if let expectation = column.read(cell, &row) {
          throw error(
            path, line: record.line, column: column.name,
            "\(cell.quotedForError) is not \(expectation)")
        }
      }
    }
    try take(derived: false)
    if let inconsistency = row.inconsistency {
      throw error(path, line: record.line, inconsistency)
    }
    try take(derived: true)
    return row
  }

  private static func error(
    _ path: String, line: Int?, column: String? = nil, _ reason: String,
    remedy: String = "restore the file or run the benchmark again"
  ) -> ResultsError {
    ResultsError(.data, file: path, line: line, column: column, reason: reason, remedy: remedy)
  }
}
