internal import Results

extension DecodePage {
  /// A token's joules in two ledgers, each with its source or its reason; empty of older runs.
  var energy: String {
    let known = rows.filter { $0.modelledJoulesLeast != nil || !$0.modelledReason.isEmpty }
    guard !known.isEmpty else { return "" }
    var table = MarkdownTable([
      ("model", .left), ("case", .left), ("modelled", .right), ("measured, net", .right),
      ("measured, gross", .right), ("idle W", .right), ("meter", .left),
    ])
    func text(_ value: Double?) -> String { value.map { Numbers.significant($0) } ?? "" }
    for row in known {
      let modelled =
        switch (row.modelledJoulesLeast, row.modelledJoulesMost) {
        case (let least?, let most?): "\(text(least)) to \(text(most))"
        default: row.modelledReason
        }
      table.append([
        row.model, Self.column(row), modelled, text(row.measuredJoules), text(row.grossJoules),
        text(row.idleWatts), row.energySource.isEmpty ? "none" : row.energySource,
      ])
    }
    // A machine has one reason for all its rows: not in each of them.
    let reasons = Groups(known.map(\.energyReason).filter { !$0.isEmpty }) { [$0] }.inOrder
    let sources = Groups(known.map(\.modelledSource).filter { !$0.isEmpty }) { [$0] }.inOrder
    return """
      ## Joules of a token

      \(sources.map { $0[0].prefix(1).uppercased() + $0[0].dropFirst() + "." }.joined(separator: "\n"))
      Measured is what a meter of this machine counted, above the idle machine and in all; the two say nothing
      of each other.

      \(table.text)
      \(reasons.map { "Not measured: \(Markdown.line($0[0]))." }.joined(separator: "\n"))
      """
  }
}
