import SwiftCSV

/// One figure of the papers' energy tables, or of what they leave unprinted, to be reproduced.
public struct PaperFigure: Sendable, Equatable {
  /// What the figure is about.
  public enum Quantity: String, Sendable, CaseIterable {
    /// A linear multiply-accumulate's energy against the ternary addition's.
    case macRatio = "mac_ratio"
    case addJoules = "add_j"
    case multiplyJoules = "mul_j"
    case totalJoules = "total_j"
    case linearJoules = "linear_j"
    case attentionJoules = "attention_j"
    case scaleJoules = "scale_j"
    /// The total without the multiplications by scales.
    case unscaledJoules = "unscaled_j"
    /// Linear weights in 10⁹ bytes.
    case memoryGigabytes = "memory_gb"
    case linearMACs = "linear_macs"
    case attentionMACs = "attention_macs"
    case scaleMultiplies = "scale_muls"
    case linearWeights = "linear_weights"

    /// Whether it is a whole number.
    public var isCount: Bool {
      switch self {
      case .linearMACs, .attentionMACs, .scaleMultiplies, .linearWeights: true
      default: false
      }
    }
  }

  /// The tokens of the one forward pass that all of the papers' figures are for.
  public static let tokens = 512

  /// The catalogue's slug; `nil` for a ratio of single operations.
  public let model: String?
  /// `nil` for a count.
  public let node: String?
  /// `nil` for a count.
  public let scheme: Scheme?
  public let quantity: Quantity
  public let unit: String
  /// The figure as the paper prints it; `nil` where it prints none.
  public let printed: String?
  /// The figure from a calculation made apart from this program, to six digits or, for a count, exact.
  public let derived: Double
  /// The paper's table; `nil` where the figure is derived only.
  public let source: String?
  /// Why the last printed digit differs, where it is known to.
  public let difference: String?

  /// All figures, in the order of golden.csv.
  public static let all: [PaperFigure] = {
    do {
      return try read(csv: String(decoding: PackageResources.golden_csv, as: UTF8.self))
    } catch {
      // The file is part of the program and a test reads it: this cannot be caused from outside.
      fatalError("embedded golden.csv: \(error)")
    }
  }()
}

extension PaperFigure {
  /// A row that is no figure; 1 is the header.
  struct BadRow: Error, Equatable {
    let row: Int
  }

  private static let columns = [
    "model", "node", "scheme", "quantity", "unit", "printed", "derived", "source", "difference",
  ]

  static func read(csv: String) throws -> [PaperFigure] {
    // Rows are taken as parsed: SwiftCSV's own `rows` would fill up a short one in silence.
    var rows: [[String]] = []
    try EnumeratedCSV(string: csv, delimiter: .comma, loadColumns: false)
      .enumerateAsArray(startAt: 0, rowLimit: nil) { rows.append($0) }
    guard rows.first == columns else { throw BadRow(row: 1) }
    return try rows.dropFirst().enumerated().map { index, cells in
      guard let figure = PaperFigure(cells) else { throw BadRow(row: index + 2) }
      return figure
    }
  }

  private init?(_ cells: [String]) {
    guard cells.count == Self.columns.count, let quantity = Quantity(rawValue: cells[3]),
      let derived = Double(cells[6])
    else { return nil }
    func given(_ index: Int) -> String? { cells[index].isEmpty ? nil : cells[index] }
    model = given(0)
    node = given(1)
    scheme = given(2).flatMap(Scheme.init(rawValue:))
    self.quantity = quantity
    unit = cells[4]
    printed = given(5)
    self.derived = derived
    source = given(7)
    difference = given(8)
    // A printed figure is a number and has a paper; a scheme that is named exists.
    guard printed.map({ Double($0) != nil }) != false, (printed == nil) == (source == nil),
      (given(2) == nil) == (scheme == nil)
    else { return nil }
  }
}
