/// A value that one CSV cell can hold.
///
/// The text is the same in every locale, and reading gives back the value that was written.
public protocol Cell: Sendable {
  /// Reads a cell; nil when the text is no such value.
  init?(cell: String)
  /// The text of the cell, unquoted.
  var cell: String { get }
  /// What a cell should hold, for an error: "a number".
  static var expectation: String { get }
}

extension String: Cell {
  public init?(cell: String) { self = cell }
  public var cell: String { self }
  public static var expectation: String { "text" }
}

extension Bool: Cell {
  public init?(cell: String) { self.init(cell) }
  public var cell: String { description }
  public static var expectation: String { "true or false" }
}

extension Int: Cell {
  public init?(cell: String) { self.init(cell) }
  public var cell: String { description }
  public static var expectation: String { "an integer" }
}

extension UInt64: Cell {
  public init?(cell: String) { self.init(cell) }
  public var cell: String { description }
  public static var expectation: String { "an integer >= 0" }
}

extension Double: Cell {
  public init?(cell: String) {
    // Double("nan") and Double("0x1p3") are values to Swift and none in a CSV.
    guard cell.utf8.allSatisfy(Double.digits.contains), let value = Double(cell), value.isFinite
    else { return nil }
    self = value
  }

  /// The shortest decimal text that reads back as the same bits.
  ///
  /// - Precondition: The value is finite: what was not measured is an empty cell with a reason.
  public var cell: String {
    precondition(isFinite, "\(self) in a results row: leave the cell empty and give a reason")
    return description
  }

  public static var expectation: String { "a finite number" }

  private static let digits = Set("0123456789+-.eE".utf8)
}

extension Double {
  /// The value, or nil for infinity and NaN, which no cell may hold.
  public var ifFinite: Double? { isFinite ? self : nil }
}

// An empty cell is nil. Text is never optional in a row, as nil and "" would write the same cell.
extension Optional: Cell where Wrapped: Cell {
  public init?(cell: String) {
    if cell.isEmpty {
      self = .none
    } else if let value = Wrapped(cell: cell) {
      self = .some(value)
    } else {
      return nil
    }
  }

  public var cell: String { self?.cell ?? "" }
  public static var expectation: String { "\(Wrapped.expectation) or nothing" }
}

/// An enumeration whose raw values are its cells.
public protocol NamedCell: Cell, CaseIterable, RawRepresentable where RawValue == String {}

extension NamedCell {
  public init?(cell: String) { self.init(rawValue: cell) }
  public var cell: String { rawValue }
  public static var expectation: String {
    "one of " + allCases.map(\.rawValue).joined(separator: ", ")
  }
}
