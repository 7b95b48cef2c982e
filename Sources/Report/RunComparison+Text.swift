internal import Results
internal import Statistics

extension RunComparison {
  /// The comparison as a page.
  public var page: String {
    let opening = """
      # \(second.environment.run) against \(first.environment.run)

      - **First**: \(describe(first))
      - **Second**: \(describe(second))


      """
    guard !rows.isEmpty else { return opening + "No case was measured in both runs.\n" }
    return opening + (isOneMachine ? times : percentages)
  }

  /// The rows as CSV, the intervals included; of different machines it has no ratio.
  public var csv: String {
    let ratios = isOneMachine ? ["ratio", "ratio_ci_low", "ratio_ci_high", "verdict"] : []
    let header =
      [
        "kernel", "model", "layer", "out_features", "in_features", "tokens", "threads", "cache",
        "first_time_s", "second_time_s", "first_percent_of_read", "second_percent_of_read",
      ] + ratios
    let lines = rows.map { row in
      let key = row.second
      let cells = [
        key.kernel, key.model, key.layer, key.outFeatures.cell, key.inFeatures.cell,
        key.tokens.cell, key.threads.cell, key.cache.cell, row.first.timeSeconds.cell,
        row.second.timeSeconds.cell, row.first.percentOfRead.cell, row.second.percentOfRead.cell,
      ]
      guard isOneMachine else { return cells }
      return cells + [
        row.ratio.value.cell, (row.ratio.interval?.low).cell, (row.ratio.interval?.high).cell,
        verdict(row).rawValue,
      ]
    }
    return ([header] + lines).map { CSV.line($0) }.joined()
  }

  private func describe(_ run: Run) -> String {
    let processor = run.environment.processor.model.value ?? "processor unknown"
    return Markdown.cell(
      "\(run.environment.run), \(processor), \(run.environment.system.architecture), "
        + "\(run.kernels.count { $0.status == .ok }) rows measured")
  }

  private var times: String {
    let verdicts = RatioVerdict.allCases.map { "\(count($0)) \($0.rawValue)" }
    let pairs = agreement
    let share =
      pairs.pairs == 0 ? "" : " (\(Numbers.percent(Double(pairs.agreeing) / Double(pairs.pairs))))"
    let drift = Statistics.median(rows.map(\.ratio.value))
    return """
      Of \(rows.count) rows that both runs have, the second run's are \(Markdown.list(verdicts)), \
      by more than \(Numbers.percent(minEffect)).
      The median of the ratios is \(Numbers.significant(drift)): what is common to all rows is the \
      machine, not a kernel. The runs did not take turns, so no interval holds it.

      Verdicts between kernels agree or one is UNSURE: \(pairs.agreeing) of \(pairs.pairs)\(share), \
      of which \(pairs.equal) agree.

      \(table)
      """
  }

  private var table: String {
    var table = MarkdownTable([
      ("kernel", .left), ("model", .left), ("layer", .left), ("case", .left), ("first, ms", .right),
      ("second, ms", .right), ("× first", .right),
    ])
    for row in rows where verdict(row) != .same {
      table.append([
        row.second.kernel, row.second.model, row.second.label, Conditions(row.second).title,
        Cells.time(row.first), Cells.time(row.second), Cells.ratio(row.ratio, minEffect: minEffect),
      ])
    }
    return table.isEmpty
      ? "Every row is the SAME.\n" : "Rows that are not the SAME:\n\n" + table.text
  }

  /// Times of different machines say which machine is faster, not which kernel is better.
  private var percentages: String {
    var table = MarkdownTable([
      ("kernel", .left), ("model", .left), ("layer", .left), ("case", .left),
      ("first, % of its read bandwidth", .right), ("second, % of its read bandwidth", .right),
    ])
    for row in rows {
      table.append([
        row.second.kernel, row.second.model, row.second.label, Conditions(row.second).title,
        row.first.percentOfRead.map { Numbers.percent($0 / 100) } ?? Cells.none,
        row.second.percentOfRead.map { Numbers.percent($0 / 100) } ?? Cells.none,
      ])
    }
    return """
      Different machines: times are not compared, only how near each kernel comes to what its own
      machine can read.

      \(table.text)
      """
  }
}
