import TOMLKit

extension ModelShape {
  /// The version of the file format that this build reads.
  static let tomlSchema = 1

  /// Returns the catalogue's model of that slug, or reads the user's own from a path that ends in .toml.
  public static func resolve(_ slugOrPath: String) throws(ModelError) -> ModelShape {
    guard slugOrPath.lowercased().hasSuffix(".toml") else {
      return try ModelCatalogue.model(slug: slugOrPath)
    }
    return try ModelShape(tomlFile: slugOrPath)
  }

  /// Reads a user's own model from a TOML file; docs/models.md describes the format.
  public init(tomlFile path: String) throws(ModelError) {
    let table: TOMLTable
    do throws(TOMLFile.Problem) {
      table = try TOMLFile.table(at: path, whichIs: "a model is a few lines of TOML")
    } catch {
      throw ModelError(error, path: path)
    }
    try self.init(table: table, path: path)
  }

  /// Reads a user's own model from the text of a TOML file; the path serves the error messages and the source.
  init(toml text: String, path: String) throws(ModelError) {
    let table: TOMLTable
    do throws(TOMLFile.Problem) {
      table = try TOMLFile.table(of: text)
    } catch {
      throw ModelError(error, path: path)
    }
    try self.init(table: table, path: path)
  }

  private init(table: TOMLTable, path: String) throws(ModelError) {
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
}

extension ModelError {
  /// The error for a file that gave no table.
  fileprivate init(_ problem: TOMLFile.Problem, path: String) {
    self =
      switch problem {
      case .unreadable(let reason): .unreadableFile(path: path, reason: reason)
      case .invalid(let reason, let remedy):
        .invalidFile(path: path, key: nil, reason: reason, remedy: remedy)
      }
  }
}
