/// One value of a model's description, before it is known to fit its field.
package enum FieldValue {
  case text(String)
  case integer(Int)
  case number(Double)
  case flag(Bool)
  /// A value of a type that no field takes, in words.
  case other(String)

  /// The value as an error message shows it.
  package var inWords: String {
    switch self {
    case .text(let text): "the text \(String(reflecting: text))"
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    case .other(let words): words
    }
  }
}

/// A field that cannot be used, why, and what to do.
struct FieldProblem: Error, Equatable {
  let key: String
  let reason: String
  let remedy: String
}

/// The fields of one model, from whichever file they came: a catalogue row or a TOML file.
///
/// Each reader returns `nil` for an absent field and throws for one that does not fit.
struct ModelFields {
  typealias Key = ModelShape.CodingKeys

  var values: [Key: FieldValue]

  /// The longest text that still fits a table.
  private static let longestText = 300

  func text(_ key: Key) throws(FieldProblem) -> String? {
    guard let value = values[key] else { return nil }
    guard case .text(let text) = value else { throw misfit(key, value, "a text") }
    guard !text.isEmpty, text.count <= Self.longestText,
      !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw misfit(
        key, value, "a text of 1 to \(Self.longestText) characters without control characters")
    }
    return text
  }

  func integer(_ key: Key, in range: ClosedRange<Int>) throws(FieldProblem) -> Int? {
    guard let value = values[key] else { return nil }
    guard case .integer(let integer) = value, range.contains(integer) else {
      throw misfit(key, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  func number(_ key: Key, in range: ClosedRange<Double>) throws(FieldProblem) -> Double? {
    guard let value = values[key] else { return nil }
    let number: Double? =
      switch value {
      case .integer(let integer): Double(integer)
      case .number(let number): number
      default: nil
      }
    guard let number, range.contains(number) else {
      throw misfit(key, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func flag(_ key: Key) throws(FieldProblem) -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .flag(let flag) = value else { throw misfit(key, value, "true or false") }
    return flag
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: Key, of type: Choice.Type
  ) throws(FieldProblem) -> Choice? {
    guard let value = values[key] else { return nil }
    let names = type.allCases.map(\.rawValue)
    guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
      let all = names.map { "\"\($0)\"" }.joined(separator: ", ")
      guard case .text(let text) = value, let nearest = nearestName(to: text, in: names) else {
        throw misfit(key, value, "one of \(all)")
      }
      throw misfit(key, value, "one of \(all); the nearest is \"\(nearest)\"")
    }
    return choice
  }

  /// Returns a field that must be present.
  func required<Value>(_ key: Key, _ value: Value?) throws(FieldProblem) -> Value {
    guard let value else {
      throw FieldProblem(key: key.rawValue, reason: "is missing", remedy: "add it")
    }
    return value
  }

  private func misfit(_ key: Key, _ value: FieldValue, _ wanted: String) -> FieldProblem {
    FieldProblem(
      key: key.rawValue, reason: "is \(value.inWords)", remedy: "it must be \(wanted)")
  }
}
