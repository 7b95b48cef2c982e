import ArgumentParser
import Foundation
import enum Results.CSV
import TextTable

/// A table that can be written for people and for programs.
struct Listing {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, md, csv, json
  }

  enum Cell {
    case text(String)
    /// Digits, as JSON and CSV have them.
    case digits(String)
    case flag(Bool)
    case missing

    static func number(_ value: Int?) -> Cell { value.map { .digits("\($0)") } ?? .missing }

    /// Shortest digits: a float of the contract, such as 1.6875, or a few significant ones.
    static func number(_ value: Double?) -> Cell {
      value.map { .digits(String(format: "%.5g", $0)) } ?? .missing
    }

    var plain: String {
      switch self {
      case .text(let text), .digits(let text): text
      case .flag(let flag): flag ? "yes" : "no"
      case .missing: ""
      }
    }

    var csv: String {
      if case .flag(let flag) = self { return "\(flag)" }
      return plain
    }

    func json() throws -> String {
      switch self {
      case .text(let text):
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return String(decoding: try encoder.encode(text), as: UTF8.self)
      case .digits(let digits): return digits
      case .flag(let flag): return "\(flag)"
      case .missing: return "null"
      }
    }
  }

  private let headers: [String]
  private var rows: [[Cell]] = []

  init(_ headers: [String]) {
    self.headers = headers
  }

  mutating func add(_ row: [Cell]) {
    precondition(row.count == headers.count)
    rows.append(row)
  }

  func text(_ format: Format) throws -> String {
    switch format {
    case .table: table(Style.plain)
    case .md: table(Style.pipe)
    case .csv:
      ([headers] + rows.map { $0.map(\.csv) }).map { CSV.line($0) }.joined()
        .trimmingCharacters(in: .newlines)
    case .json:
      try "["
        + rows.map { row in
          try "\n  {"
            + zip(headers, row).map { try "\"\($0)\": \($1.json())" }.joined(separator: ", ") + "}"
        }.joined(separator: ",") + "\n]"
    }
  }

  private func table(_ style: any TextTableStyle.Type) -> String {
    let table = TextTable<[Cell]> { row in
      zip(headers, row).map { header, cell in
        let isNumber = if case .digits = cell { true } else { false }
        return Column(
          title: header, value: cell.plain.replacingOccurrences(of: "|", with: "\\|"),
          align: isNumber ? .right : .left)
      }
    }
    // The last column is as wide as its longest reason, which no other line need be.
    let lines = (table.string(for: rows, style: style) ?? "").components(separatedBy: "\n")
    return lines.map { $0.replacing(#/ +$/#, with: "") }.joined(separator: "\n")
  }
}
