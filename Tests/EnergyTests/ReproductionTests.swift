import Models
import Testing

@testable import Energy

@Suite struct ReproductionTests {
  @Test func goldenFileIsWhole() {
    let all = PaperFigure.all
    #expect(all.count == 81)
    #expect(all.count { $0.printed != nil } == 49)
    #expect(all.count { $0.source == "arXiv 2310.11453 Table 1" } == 36)
    #expect(all.count { $0.source == "arXiv 2504.12285 Table 1" } == 12)
    for quantity in PaperFigure.Quantity.allCases {
      #expect(all.contains { $0.quantity == quantity }, "no row has \(quantity)")
    }
  }

  @Test(arguments: PaperFigure.all)
  func printedDigitsReproduce(figure: PaperFigure) throws {
    let reproduction = try Reproduction(figure)
    switch reproduction.agreement {
    case .digits: #expect(figure.difference == nil, "\(figure) agrees, so nothing is to explain")
    case .lastDigit: #expect(figure.difference != nil)
    case .unprinted: #expect(figure.printed == nil)
    case .none: Issue.record("\(reproduction)")
    }
  }

  /// The figures were also calculated outside this program: to six digits, counts exactly.
  @Test(arguments: PaperFigure.all)
  func agreesWithTheSeparateCalculation(figure: PaperFigure) throws {
    let computed = try Reproduction(figure).computed
    // Half a unit of the sixth digit is at most 5e-6 of the number.
    let tolerance = figure.quantity.isCount ? 0 : 5e-6 * figure.derived
    #expect(abs(computed - figure.derived) <= tolerance, "\(figure): computed \(computed)")
  }

  @Test func theKnownDifferencesAreThese() throws {
    let differing = try Reproduction.all().compactMap { reproduction -> String? in
      guard case .lastDigit = reproduction.agreement else { return nil }
      let figure = reproduction.figure
      return "\(figure.model ?? "") \(figure.node ?? "") \(figure.scheme?.rawValue ?? "") "
        + "\(figure.quantity.rawValue)"
    }
    #expect(
      differing == [
        "v1-6.7b 7nm ternary add_j", "v1-30b 7nm ternary add_j", "minicpm-2b  fp16 memory_gb",
      ])
  }

  @Test func theTwoJouleCellsAreWithinOneHundredth() throws {
    for reproduction in try Reproduction.all() where reproduction.figure.unit == "J" {
      guard case .lastDigit = reproduction.agreement else { continue }
      let printed = try #require(reproduction.figure.printed.flatMap(Double.init))
      #expect(abs(reproduction.computed - printed) <= 0.01)
    }
  }

  @Test func ratiosAreExact() throws {
    let energies = OperationEnergies.builtIn
    for (node, scheme, expected) in [
      ("7nm", Scheme.fp16, 500.0 / 7), ("45nm", .fp16, 50), ("7nm", .w8a8, 11),
      ("7nm", .fp32, 1690.0 / 7),
    ] {
      let ratio = scheme.linearRatio(to: .ternary, at: try energies.node(node))
      #expect(abs(ratio / expected - 1) < 1e-9, "\(scheme) at \(node): \(ratio)")
    }
  }

  @Test func sixEnergiesRoundToThreeDecimals() throws {
    let thousandths = [
      ("llama3.2-1b", Scheme.fp16, 258), ("gemma3-1b", .fp16, 186), ("qwen2.5-1.5b", .fp16, 347),
      ("smollm2-1.7b", .fp16, 425), ("minicpm-2b", .fp16, 649), ("2b-4t", .ternary, 28),
    ]
    for (slug, scheme, expected) in thousandths {
      let energy = try ForwardEnergy(
        ModelCatalogue.model(slug: slug), tokens: 512, scheme: scheme, node: "7nm")
      #expect(Int((energy.totalJoules * 1000).rounded()) == expected, "\(slug)")
    }
  }

  /// A figure that is wrong must be seen to be wrong: by a digit, or by more than its excuse covers.
  @Test func aWrongFigureDisagrees() throws {
    let row = "2b-4t,7nm,ternary,total_j,J"
    func agreement(_ printed: String, difference: String = "") throws -> Reproduction.Agreement {
      let csv =
        "model,node,scheme,quantity,unit,printed,derived,source,difference\n"
        + "\(row),\(printed),0.0278372,a paper,\(difference)\n"
      return try Reproduction(#require(PaperFigure.read(csv: csv).first)).agreement
    }
    #expect(try agreement("0.028") == .digits)
    #expect(try agreement("0.027") == .none)
    #expect(try agreement("0.0280") == .none)
    #expect(try agreement("0.027", difference: "cut off") == .lastDigit(reason: "cut off"))
    #expect(try agreement("0.026", difference: "cut off") == .none)
  }

  @Test(arguments: [
    "2b-4t,7nm,ternary,total_j,J,0.028,0.0278,a paper",
    "2b-4t,7nm,ternery,total_j,J,0.028,0.0278,a paper,",
    "2b-4t,7nm,ternary,joules,J,0.028,0.0278,a paper,",
    "2b-4t,7nm,ternary,total_j,J,some,0.0278,a paper,",
    "2b-4t,7nm,ternary,total_j,J,0.028,,a paper,",
    "2b-4t,7nm,ternary,total_j,J,0.028,0.0278,,",
  ])
  func aBadRowIsRejected(row: String) {
    let header = "model,node,scheme,quantity,unit,printed,derived,source,difference\n"
    #expect(throws: PaperFigure.BadRow(row: 2)) { try PaperFigure.read(csv: header + row + "\n") }
  }
}
