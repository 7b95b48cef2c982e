internal import Results

extension RunReport {
  /// How fast models decode, and whether the parts that were measured alone add up to that.
  var decoding: String {
    guard !run.decode.isEmpty else { return "" }
    var table = MarkdownTable([
      ("model", .left), ("kernel", .left), ("head", .left), ("threads", .right), ("batch", .right),
      ("prompt", .right), ("prefill, tokens/s", .right), ("decode, tokens/s", .right),
      ("ms/step", .right), ("predicted, ms", .right), ("residual, ms", .right),
      ("linear layers, % of ring", .right), ("GB/s (% of read)", .right),
    ])
    for row in run.decode {
      func milliseconds(_ seconds: Double?) -> String { Cells.number(seconds.map { 1e3 * $0 }) }
      table.append([
        row.model, row.kernel, row.head, "\(row.threads)", "\(row.batch)", "\(row.promptTokens)",
        Cells.number(row.prefillTokensPerSecond), Cells.number(row.decodeTokensPerSecond),
        "\(milliseconds(row.stepSeconds)) ± \(Numbers.percent(row.stepSecondsMdAPE))",
        milliseconds(row.predictedSeconds), milliseconds(row.residualSeconds),
        row.linearPercentOfRing.map { Numbers.percent($0 / 100) } ?? Cells.none,
        Cells.rate(row.gbPerSecond, shareOfRead: row.percentOfRead.map { $0 / 100 }),
      ])
    }
    return """
      ## Decoding

      One step of all sequences behind a prompt. Predicted is the median pass through the model's linear
      layers alone, in turns with the steps, and the median of the other parts of the steps; the
      residual is what the step took beyond that.

      \(table.text)
      """
  }
}
