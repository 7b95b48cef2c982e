/// One column of a CSV file: its header, and how a row's value becomes a cell and comes back.
///
/// A row type lists its columns once; writer, reader and schema test follow from the list.
public struct Column<Row>: Sendable {
  /// The header: snake_case, with the unit.
  public let name: String
  /// The first schema version that has this column; older files leave the row's default in place.
  public let since: Int

  /// The cell of a row.
  let write: @Sendable (Row) -> String
  /// Takes a cell into a row; returns what the cell should have held if it cannot.
  let read: @Sendable (String, inout Row) -> String?
  /// Whether the cell follows from other cells, and so is checked when those have been read.
  let isDerived: Bool

  /// A stored value.
  public init<Value: Cell>(
    _ name: String, _ value: any WritableKeyPath<Row, Value> & Sendable, since: Int = 1
  ) {
    self.name = name
    self.since = since
    isDerived = false
    write = { $0[keyPath: value].cell }
    read = { cell, row in
      guard let parsed = Value(cell: cell) else { return Value.expectation }
      row[keyPath: value] = parsed
      return nil
    }
  }

  /// A value that follows from others: computed when written, checked against them when read.
  public init(
    _ name: String, derived value: any KeyPath<Row, Double?> & Sendable, since: Int = 1
  ) {
    self.name = name
    self.since = since
    isDerived = true
    write = { $0[keyPath: value].cell }
    read = { cell, row in
      guard let parsed = Double?(cell: cell) else { return Double?.expectation }
      let derived = row[keyPath: value]
      let agrees =
        switch (parsed, derived) {
        case (nil, nil): true
        case (let parsed?, let derived?):
          // Wide enough for a spreadsheet that kept nine digits.
          abs(parsed - derived) <= 1e-6 * abs(derived)
        default: false
        }
      let text = derived.map { $0.isFinite ? $0.cell : "infinite" } ?? ""
      return agrees ? nil : "\(text.quotedForError), which follows from the other cells"
    }
  }

  /// A value that every row of this schema shares.
  init(_ name: String, constant: Int) {
    self.name = name
    since = 1
    isDerived = false
    write = { _ in constant.cell }
    read = { _, _ in nil }  // the reader has compared it already: it decides which columns exist
  }
}

/// A row of one kind of CSV file.
public protocol CSVRow: Equatable, Sendable {
  /// The number that a change of columns raises; each new column says `since` which.
  static var schemaVersion: Int { get }
  /// The columns, in the file's order, after `schema_version`, which every file begins with.
  static var values: [Column<Self>] { get }
  /// A row to read cells into; it holds the defaults of the columns that older files lack.
  static var blank: Self { get }
  /// Why these values cannot stand in one row; nil when they can.
  var inconsistency: String? { get }
}

extension CSVRow {
  public var inconsistency: String? { nil }

  /// Every column of the file, in order.
  public static var columns: [Column<Self>] {
    [Column("schema_version", constant: schemaVersion)] + values
  }
}
