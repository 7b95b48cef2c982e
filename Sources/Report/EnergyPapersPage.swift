internal import Energy
internal import Foundation
internal import Models
internal import Results

/// The page that sets the papers' energy figures beside those computed here.
///
/// A pure function of the program's own data: it holds neither a time nor a machine.
public struct EnergyPapersPage {
  private let reproductions: [Reproduction]
  private let energies: OperationEnergies
  /// The figure that is quoted most, and most often wrongly.
  private let quoted: ForwardEnergy

  /// Reproduces all of the papers' figures from the built-in operation energies.
  ///
  /// - Throws: `EnergyError` or `ModelError`, where a figure speaks of a node or model unknown here.
  public init() throws {
    self.init(
      try Reproduction.all(), energies: .builtIn,
      quoted: try ForwardEnergy(
        ModelCatalogue.model(slug: "2b-4t"), tokens: PaperFigure.tokens, scheme: .ternary,
        node: OperationEnergies.papersNode))
  }

  init(_ reproductions: [Reproduction], energies: OperationEnergies, quoted: ForwardEnergy) {
    self.reproductions = reproductions
    self.energies = energies
    self.quoted = quoted
  }

  /// Whether every printed figure is met, or missed for a known reason.
  public var allAgree: Bool { !reproductions.contains { $0.agreement == .none } }

  /// Writes the page into a folder, made where it is missing, and returns its path.
  public func write(to folder: String) throws -> String {
    let path = "\(folder)/energy-papers.md"
    try RunFolder.makeFolders(folder)
    try AtomicFile.write(markdown, to: path)
    return path
  }

  /// The page.
  public var markdown: String {
    [
      """
      # The papers' energy figures, reproduced

      Modelled arithmetic, computed by `ternbench energy --reproduce` from the operation energies below, by the rule that
      [docs/energy.md](../docs/energy.md) explains. Nothing here is measured.

      \(summary)

      ## What these figures are

      Quoted most, and most often wrongly, are the 0.028 J of BitNet b1.58 2B4T (arXiv 2504.12285) and the 71.4 times of BitNet
      b1.58 (arXiv 2402.17764).


      """,
      quoted.caveats.map { "- \($0)\n" }.joined(),
      "\n## Printed and computed\n\n",
      printed,
      differences,
      """

      ## What the papers do not print

      Computed here, beside the same figure from a calculation made apart from this program.


      """,
      unprinted,
      """

      ## Operation energies

      In picojoules. Memories do not enter the papers' rule; they are here because other figures are made from them.


      """,
      operations,
    ].joined()
  }

  private var summary: String {
    func count(_ matches: (Reproduction.Agreement) -> Bool) -> Int {
      reproductions.count { matches($0.agreement) }
    }
    let equal = count { $0 == .digits }
    let near = count { if case .lastDigit = $0 { true } else { false } }
    let wrong = count { $0 == .none }
    return
      "Of \(equal + near + wrong) printed figures, \(equal) are met in every printed digit, \(near) in all "
      + "but the last, for a reason given below, and \(wrong) not."
  }

  private var printed: String {
    var table = MarkdownTable([
      ("Source", .left), ("Model", .left), ("Node", .left), ("Scheme", .left), ("Figure", .left),
      ("Unit", .left), ("Paper", .right), ("Computed", .right), ("Error", .right),
      ("Digits", .left),
    ])
    for reproduction in reproductions {
      let figure = reproduction.figure
      guard let printed = figure.printed, let error = reproduction.relativeError else { continue }
      table.append(
        [figure.source ?? ""] + Self.subject(figure) + [
          printed, Self.number(reproduction.computed, figure),
          String(format: "%+.2f%%", 100 * error),
          Self.words(reproduction.agreement),
        ])
    }
    return table.text
  }

  private var differences: String {
    let lines = reproductions.compactMap { reproduction -> String? in
      guard case .lastDigit(let reason) = reproduction.agreement else { return nil }
      let subject = Self.subject(reproduction.figure).filter { !$0.isEmpty }
      return "- \(subject.joined(separator: ", ")): \(reason).\n"
    }
    return lines.isEmpty ? "" : "\nThe last digit differs where\n\n" + lines.joined()
  }

  private var unprinted: String {
    var table = MarkdownTable([
      ("Model", .left), ("Node", .left), ("Scheme", .left), ("Figure", .left), ("Unit", .left),
      ("Computed", .right), ("Apart", .right),
    ])
    for reproduction in reproductions where reproduction.figure.printed == nil {
      let figure = reproduction.figure
      table.append(
        Self.subject(figure) + [
          Self.number(reproduction.computed, figure), Self.number(figure.derived, figure),
        ])
    }
    return table.text
  }

  private var operations: String {
    var table = MarkdownTable([
      ("Node", .left), ("Operation", .left), ("pJ", .right), ("Source", .left),
    ])
    for node in energies.nodes {
      for (name, values) in [("add", node.add), ("multiply", node.multiply)] {
        for (type, energy) in [
          ("INT8", values.int8), ("INT32", values.int32), ("BF16", values.bf16),
          ("FP16", values.fp16), ("FP32", values.fp32),
        ] {
          guard let energy else { continue }
          table.append([node.name, "\(type) \(name)", "\(energy.picojoules)", energy.source])
        }
      }
      for (kind, memories) in [("SRAM", node.sram), ("DRAM", node.dram)] {
        for memory in memories {
          let range = memory.picojoulesPerAccess
          let ends = [range.lowerBound, range.upperBound].map { String(format: "%g", $0) }
          let energy = ends[0] == ends[1] ? ends[0] : ends.joined(separator: " to ")
          table.append([
            node.name, "\(memory.bitsPerAccess) bits of \(memory.name) \(kind)", energy,
            memory.source,
          ])
        }
      }
    }
    return table.text
  }

  private static func subject(_ figure: PaperFigure) -> [String] {
    [
      figure.model ?? "one operation", figure.node ?? "", figure.scheme?.rawValue ?? "",
      figure.quantity.rawValue, figure.unit,
    ]
  }

  /// Six digits, or all of a count.
  private static func number(_ value: Double, _ figure: PaperFigure) -> String {
    figure.quantity.isCount ? "\(Int(value))" : Numbers.significant(value, digits: 6)
  }

  private static func words(_ agreement: Reproduction.Agreement) -> String {
    switch agreement {
    case .digits: "equal"
    case .lastDigit: "last differs"
    case .none: "DIFFER"
    case .unprinted: ""
    }
  }
}
