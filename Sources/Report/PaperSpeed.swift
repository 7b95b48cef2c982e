internal import SwiftCSV

/// A speed of decoding that a paper prints, of a machine that is not this one.
struct PaperSpeed: Equatable {
  /// The catalogue's slug.
  let model: String
  let device: String
  /// A number, or unlimited.
  let threads: String
  let system: String
  /// As printed.
  let tokensPerSecond: String
  let source: String

  /// What of a table's columns it belongs to.
  var column: String {
    "\(device), \(system), \(threads == "unlimited" ? "threads unlimited" : "\(threads) threads")"
  }

  /// All speeds, in the order of papers-speed.csv.
  static let all: [PaperSpeed] = {
    let text = String(decoding: PackageResources.papers_speed_csv, as: UTF8.self)
    var rows: [[String]] = []
    do {
      try EnumeratedCSV(string: text, delimiter: .comma, loadColumns: false)
        .enumerateAsArray(startAt: 1, rowLimit: nil) { rows.append($0) }
    } catch {
      // The file is part of the program and a test reads it: this cannot be caused from outside.
      fatalError("embedded papers-speed.csv: \(error)")
    }
    return rows.map {
      PaperSpeed(
        model: $0[0], device: $0[1], threads: $0[2], system: $0[3], tokensPerSecond: $0[4],
        source: $0[5])
    }
  }()
}
