import Foundation
import Models
import Testing

@testable import Energy
@testable import Report

@Suite struct EnergyPapersPageTests {
  /// The page in the repository is what the program writes today.
  @Test func theCommittedPageIsCurrent() throws {
    let committed = try String(
      contentsOf: URL(filePath: #filePath)
        .appending(path: "../../../reports/energy-papers.md").standardized, encoding: .utf8)
    #expect(
      try EnergyPapersPage().markdown == committed,
      "write it again: swift run ternbench energy --reproduce")
  }

  @Test func everyFigureHasARow() throws {
    let page = try EnergyPapersPage()
    #expect(page.allAgree)
    let rows = page.markdown.split(separator: "\n").filter { $0.hasPrefix("| ") }
    let values = OperationEnergies.builtIn.nodes.reduce(0) { count, node in
      count + 8 + (node.add.bf16 == nil ? 0 : 2) + node.sram.count + node.dram.count
    }
    // Three headers.
    #expect(rows.count == 3 + PaperFigure.all.count + values)
    for row in rows { #expect(!row.contains("|  |  |  |"), "\(row)") }
  }

  @Test func aFigureThatDiffersIsShownAndFails() throws {
    let wrong = PaperFigure(
      model: "2b-4t", node: "7nm", scheme: .ternary, quantity: .totalJoules, unit: "J",
      printed: "0.029", derived: 0.029, source: "a misprint", difference: nil)
    let quoted = try ForwardEnergy(
      ModelCatalogue.model(slug: "2b-4t"), tokens: 512, scheme: .ternary, node: "7nm")
    let page = EnergyPapersPage(
      [try Reproduction(wrong)], energies: .builtIn, quoted: quoted)
    #expect(!page.allAgree)
    #expect(page.markdown.contains("and 1 not."))
    #expect(page.markdown.contains("DIFFER"))
  }
}
