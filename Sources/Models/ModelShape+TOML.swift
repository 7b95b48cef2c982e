import Foundation
import TOMLKit

extension ModelShape {
  /// The version of the file format that this build reads.
  static let tomlSchema = 1

  /// Far above any description of one model; a larger file is some other file.
  private static let largestFileBytes = 65_536

  /// Returns the catalogue's model of that slug, or reads the user's own from a path that ends in .toml.
  public static func resolve(_ slugOrPath: String) throws(ModelError) -> ModelShape {
    guard slugOrPath.lowercased().hasSuffix(".toml") else {
      return try ModelCatalogue.model(slug: slugOrPath)
    }
    return try ModelShape(tomlFile: slugOrPath)
  }

  /// Reads a user's own model from a TOML file; docs/models.md describes the format.
  public init(tomlFile path: String) throws(ModelError) {
    let bytes = try Self.read(path)
    guard bytes.count <= Self.largestFileBytes else {
      throw .invalidFile(
        path: path, key: nil, reason: "is larger than \(Self.largestFileBytes) bytes",
        remedy: "a model is a few lines of TOML")
    }
    guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
      throw .invalidFile(
        path: path, key: nil, reason: "is not UTF-8 text", remedy: "a model is a few lines of TOML")
    }
    try self.init(toml: text, path: path)
  }

  /// Reads a user's own model from the text of a TOML file; the path serves the error messages and the source.
  init(toml text: String, path: String) throws(ModelError) {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw .invalidFile(
        path: path, key: nil, reason: "is not TOML at line \(error.source.begin.line)",
        remedy: error.description.replacingOccurrences(of: "\n", with: " "))
    } catch {
      throw .invalidFile(
        path: path, key: nil, reason: "is not TOML", remedy: String(describing: error))
    }
    do throws(FieldProblem) {
      try self.init(fields: Self.fields(of: table, path: path))
    } catch {
      throw .invalidFile(path: path, key: error.key, reason: error.reason, remedy: error.remedy)
    }
  }

  private static func fields(
    of table: TOMLTable, path: String
  ) throws(FieldProblem) -> ModelFields {
    try checkSchema(of: table)

    // The slug follows from the name, and how far to trust the file is its owner's affair.
    let known = CodingKeys.allCases.filter { $0 != .slug && $0 != .confidence }
    var fields = ModelFields(values: [
      .family: .text("user"), .weights: .text(WeightKind.ternary.rawValue), .source: .text(path),
    ])
    for name in table.keys where name != "schema" {
      guard let key = known.first(where: { $0.rawValue == name }) else {
        let nearest = nearestName(to: name, in: known.map(\.rawValue)) ?? ""
        throw FieldProblem(
          key: name, reason: "is unknown", remedy: "the nearest known key is \"\(nearest)\"")
      }
      fields.values[key] = FieldValue(table[name])
    }

    let name = try fields.required(.name, fields.text(.name))
    let slug = slug(ofName: name)
    let taken = ModelCatalogue.all.contains { $0.slug == slug }
    guard !slug.isEmpty, !taken else {
      throw FieldProblem(
        key: CodingKeys.name.rawValue,
        reason: slug.isEmpty
          ? "is \(String(reflecting: name)), which has no ASCII letter or digit"
          : "is \(String(reflecting: name)), which is the catalogue's model \"\(slug)\"",
        remedy: "choose another name, so that results stay apart")
    }
    fields.values[.slug] = .text(slug)
    return fields
  }

  private static func checkSchema(of table: TOMLTable) throws(FieldProblem) {
    let remedy = "this build reads \"schema = \(tomlSchema)\""
    guard let value = table["schema"] else {
      throw FieldProblem(key: "schema", reason: "is missing", remedy: remedy)
    }
    guard value.int == tomlSchema else {
      throw FieldProblem(
        key: "schema", reason: "is \(FieldValue(value).inWords)", remedy: remedy)
    }
  }

  /// Turns a name into lower-case ASCII letters, digits and dots, with one hyphen for every run of anything else.
  private static func slug(ofName name: String) -> String {
    name.lowercased()
      .split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".")) }
      .joined(separator: "-")
  }

  /// Reads at most one byte more than the largest file.
  private static func read(_ path: String) throws(ModelError) -> [UInt8] {
    func failure() -> ModelError {
      .unreadableFile(path: path, reason: String(cString: strerror(errno)))
    }
    guard let file = fopen(path, "rb") else { throw failure() }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: largestFileBytes + 1)
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else { throw failure() }
    return Array(bytes.prefix(count))
  }
}

extension FieldValue {
  /// Takes over a TOML value of one of the types that fields have.
  fileprivate init(_ value: (any TOMLValueConvertible)?) {
    if let flag = value?.bool {
      self = .flag(flag)
    } else if let integer = value?.int {
      self = .integer(integer)
    } else if let number = value?.double {
      self = .number(number)
    } else if let text = value?.string {
      self = .text(text)
    } else {
      self = .other(value.map { "of type \($0.type)" } ?? "of no known type")
    }
  }
}
