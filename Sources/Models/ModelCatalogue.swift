import Foundation
import SwiftCSV

/// The models that the suite knows by name.
public enum ModelCatalogue {
  /// Every model, in the order of the catalogue file.
  public static let all: [ModelShape] = {
    do {
      return try read(csv: String(decoding: PackageResources.catalogue_csv, as: UTF8.self))
    } catch {
      // The file is part of the program and a test reads it: this cannot be caused from outside.
      fatalError("embedded catalogue.csv: \(error)")
    }
  }()

  /// Returns the model of that slug.
  public static func model(slug: String) throws(ModelError) -> ModelShape {
    guard let model = all.first(where: { $0.slug == slug }) else {
      throw .unknownModel(slug: slug, nearest: nearestName(to: slug, in: all.map(\.slug)))
    }
    return model
  }

  /// The distinct shapes of all ternary layers of the catalogue, by out_features, then in_features.
  public static let ternaryShapes: [LayerShape] = {
    struct Size: Hashable { let out, `in`: Int }
    var users: [Size: [LayerShape.Use]] = [:]
    for model in all {
      for layer in model.ternaryLayers {
        users[Size(out: layer.outFeatures, in: layer.inFeatures), default: []].append(
          LayerShape.Use(model: model.slug, layer: layer.name))
      }
    }
    return
      users
      .map { LayerShape(outFeatures: $0.key.out, inFeatures: $0.key.in, uses: $0.value) }
      .sorted { ($0.outFeatures, $0.inFeatures) < ($1.outFeatures, $1.inFeatures) }
  }()
}

/// One shape of weight matrix, and the layers of the catalogue that have it.
public struct LayerShape: Sendable, Equatable, Encodable {
  /// One layer of one model.
  public struct Use: Sendable, Equatable, Encodable {
    /// The model's slug.
    public let model: String
    public let layer: String
  }

  public let outFeatures: Int
  public let inFeatures: Int
  /// In the order of the catalogue, then of the forward pass.
  public let uses: [Use]

  private enum CodingKeys: String, CodingKey {
    case outFeatures = "out_features"
    case inFeatures = "in_features"
    case uses
  }
}

extension ModelCatalogue {
  /// A row of the catalogue that does not describe a model.
  struct RowProblem: Error, Equatable {
    /// 1 is the header.
    let row: Int
    let problem: FieldProblem
  }

  /// Reads a catalogue: a header of exactly the known columns, then one model a row.
  static func read(csv: String) throws -> [ModelShape] {
    let columns = ModelShape.CodingKeys.allCases
    // Rows are taken as parsed: SwiftCSV's own `rows` would fill up a short one in silence.
    var rows: [[String]] = []
    try EnumeratedCSV(string: csv, delimiter: .comma, loadColumns: false)
      .enumerateAsArray(startAt: 0, rowLimit: nil) { rows.append($0) }

    var models: [ModelShape] = []
    for (index, cells) in rows.enumerated() {
      do throws(FieldProblem) {
        guard cells.count == columns.count else {
          throw FieldProblem(
            key: cells.first ?? "", reason: "has \(cells.count) cells",
            remedy: "there are \(columns.count) columns")
        }
        if index == 0 {
          try check(header: cells)
          continue
        }
        let model = try ModelShape(fields: fields(ofCells: cells))
        guard !models.contains(where: { $0.slug == model.slug }) else {
          throw FieldProblem(
            key: ModelShape.CodingKeys.slug.rawValue, reason: "\(model.slug) occurs twice",
            remedy: "choose another")
        }
        models.append(model)
      } catch {
        throw RowProblem(row: index + 1, problem: error)
      }
    }
    return models
  }

  private static func check(header: [String]) throws(FieldProblem) {
    for (cell, column) in zip(header, ModelShape.CodingKeys.allCases)
    where cell != column.rawValue {
      throw FieldProblem(
        key: cell, reason: "stands where the column \(column.rawValue) belongs",
        remedy: "keep the columns and their order")
    }
  }

  /// Gives each cell the type of its text, so that a field of another type can say what it found.
  ///
  /// An empty cell is an unknown value.
  private static func fields(ofCells cells: [String]) -> ModelFields {
    var values: [ModelShape.CodingKeys: FieldValue] = [:]
    for (key, cell) in zip(ModelShape.CodingKeys.allCases, cells) where !cell.isEmpty {
      values[key] =
        switch cell {
        case "true": .flag(true)
        case "false": .flag(false)
        default:
          Int(cell).map(FieldValue.integer) ?? Double(cell).map(FieldValue.number) ?? .text(cell)
        }
    }
    return ModelFields(values: values)
  }
}
