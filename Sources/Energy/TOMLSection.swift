import Models
import TOMLKit

/// One table of a TOML file, and the keys that lead to it.
///
/// It asks TOMLKit for keys and for single values only: iterating a table traps on a key that contains
/// a NUL character.
struct TOMLSection {
  /// A value that cannot be used, why, and what to do.
  struct Problem: Error, Equatable {
    let key: String
    let reason: String
    let remedy: String
  }

  let keys: [String]
  /// "nodes.7nm."; empty for the file itself.
  private let prefix: String
  private let table: TOMLTable

  /// The longest text that still fits a table.
  private static let longestText = 300

  init(_ table: TOMLTable) {
    self.init(table, prefix: "")
  }

  private init(_ table: TOMLTable, prefix: String) {
    self.table = table
    self.prefix = prefix
    keys = table.keys.sorted()
  }

  func problem(_ key: String, _ reason: String, remedy: String) -> Problem {
    Problem(key: prefix + key, reason: reason, remedy: remedy)
  }

  /// Rejects any key but these.
  func expect(keys known: [String]) throws(Problem) {
    guard let key = keys.first(where: { !known.contains($0) }) else { return }
    let nearest = nearestName(to: key, in: known) ?? ""
    throw problem(key, "is unknown", remedy: "the nearest known key is \"\(nearest)\"")
  }

  func section(_ key: String) throws(Problem) -> TOMLSection {
    let value = try required(key)
    guard let inner = value.table else { throw misfit(key, value, "a table") }
    return TOMLSection(inner, prefix: prefix + key + ".")
  }

  func text(_ key: String) throws(Problem) -> String {
    let value = try required(key)
    guard let text = value.string, !text.isEmpty, text.count <= Self.longestText,
      !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw misfit(
        key, value, "a text of 1 to \(Self.longestText) characters without control characters")
    }
    return text
  }

  func integer(_ key: String, in range: ClosedRange<Int>? = nil) throws(Problem) -> Int {
    let value = try required(key)
    guard let integer = value.int, range?.contains(integer) != false else {
      throw misfit(
        key, value,
        range.map { "a whole number from \($0.lowerBound) to \($0.upperBound)" } ?? "a whole number"
      )
    }
    return integer
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws(Problem) -> Double {
    let value = try required(key)
    guard let number = value.int.map(Double.init) ?? value.double, range.contains(number) else {
      throw misfit(key, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private func required(_ key: String) throws(Problem) -> any TOMLValueConvertible {
    guard keys.contains(key), let value = table[key] else {
      throw problem(key, "is missing", remedy: "add it")
    }
    return value
  }

  private func misfit(
    _ key: String, _ value: any TOMLValueConvertible, _ wanted: String
  ) -> Problem {
    problem(key, "is \(FieldValue(value).inWords)", remedy: "it must be \(wanted)")
  }
}
