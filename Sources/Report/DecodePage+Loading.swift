internal import Results

extension DecodePage {
  /// What bringing weights into a kernel's layout costs, and after how many tokens that has paid; empty of older runs.
  var loading: String {
    let known = rows.filter { $0.packSeconds != nil }
    guard !known.isEmpty else { return "" }
    var table = MarkdownTable([
      ("model", .left), ("case", .left), ("packed MB", .right), ("packing ms", .right),
      ("mapped MB", .right), ("mapping ms", .right), ("tokens meanwhile", .right),
      ("break-even tokens", .right),
    ])
    func text(_ value: Double?) -> String { value.map { Numbers.significant($0) } ?? "" }
    func megabytes(_ bytes: Int?) -> String { text(bytes.map { Double($0) / 1e6 }) }
    for row in known {
      table.append([
        row.model, Self.column(row), megabytes(row.packedBytes),
        text(row.repackSeconds.map { 1e3 * $0 }), megabytes(row.mappedBytes),
        text(row.mapSeconds.map { 1e3 * $0 }), text(row.packTokens), breakEven(row),
      ])
    }
    return """
      ## What loading costs

      Weights that lie in the kernel's layout in the file are mapped: their bytes are checked and stay there.
      The others are read and packed; of synthetic weights, which are made, only packing counts. Tokens
      meanwhile are what the case would have decoded in that time. Break-even is after how many tokens a
      case has saved the time of packing against the fastest one of the same model that maps all weights.

      \(table.text)
      """
  }

  /// Where packing has paid, in tokens; "never" where it saves nothing, nothing where no case maps.
  private func breakEven(_ row: DecodeRow) -> String {
    let rivals = rows.filter { rival in
      rival.mappedBytes ?? 0 > 0 && rival.packedBytes == 0 && rival.model == row.model
        && rival.head == row.head && rival.memory == row.memory && rival.threads == row.threads
        && rival.batch == row.batch && rival.promptTokens == row.promptTokens
    }
    guard let rival = rivals.min(by: { $0.stepSeconds < $1.stepSeconds }),
      let packing = row.repackSeconds, row.packedBytes ?? 0 > 0
    else { return "" }
    let extra = packing - (rival.mapSeconds ?? 0)
    let saved = (rival.stepSeconds - row.stepSeconds) / Double(row.batch)
    guard extra > 0 else { return "0" }
    return saved > 0 ? Numbers.significant((extra / saved).rounded(.up)) : "never"
  }
}
