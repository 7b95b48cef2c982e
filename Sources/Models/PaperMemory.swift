import SwiftCSV

/// What a paper prints of the memory that a model takes.
public struct PaperMemory: Sendable, Equatable {
  /// The catalogue's slug.
  public let model: String
  /// As printed.
  public let gigabytes: String
  /// What the figure counts.
  public let counts: String
  public let source: String

  /// All figures, in the order of papers-memory.csv.
  public static let all: [PaperMemory] = {
    let text = String(decoding: PackageResources.papers_memory_csv, as: UTF8.self)
    var rows: [[String]] = []
    do {
      try EnumeratedCSV(string: text, delimiter: .comma, loadColumns: false)
        .enumerateAsArray(startAt: 1, rowLimit: nil) { rows.append($0) }
    } catch {
      // The file is part of the program and a test reads it: this cannot be caused from outside.
      fatalError("embedded papers-memory.csv: \(error)")
    }
    return rows.map {
      PaperMemory(model: $0[0], gigabytes: $0[1], counts: $0[2], source: $0[3])
    }
  }()
}
