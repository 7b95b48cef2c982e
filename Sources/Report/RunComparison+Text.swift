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
    let counts = CountsTable([first, second])
    let counted =
      counts.isEmpty
      ? "" : "\n## Instructions and loads a weight\n\n\(CountsTable.guide)\n\(counts.text)"
    guard !rows.isEmpty else {
      return opening + "No case was measured in both runs.\n" + counted
    }
    return opening + (isOneMachine ? times : percentages) + counted
  }

  /// The rows as CSV, the intervals included; of different machines it has no ratio.
  public var csv: String {
    let ratios = isOneMachine ? ["ratio", "ratio_ci_low", "ratio_ci_high", "verdict"] : []
    let each = [
      "time_s", "percent_of_read", "ceiling", "percent_of_ceiling",
      "gop_per_s_per_thread_and_ghz",
    ]
    let header =
      [
        "kernel", "model", "layer", "out_features", "in_features", "tokens", "threads", "cache",
      ] + each.map { "first_\($0)" } + each.map { "second_\($0)" } + ratios
    let lines = rows.map { row in
      let key = row.second
      let cells =
        [
          key.kernel, key.model, key.layer, key.outFeatures.cell, key.inFeatures.cell,
          key.tokens.cell, key.threads.cell, key.cache.cell,
        ] + cells(row.first, in: first) + cells(row.second, in: second)
      guard isOneMachine else { return cells }
      return cells + [
        row.ratio.value.cell, (row.ratio.interval?.low).cell, (row.ratio.interval?.high).cell,
        verdict(row).rawValue,
      ]
    }
    return ([header] + lines).map { CSV.line($0) }.joined()
  }

  private func cells(_ row: KernelRow, in run: Run) -> [String] {
    [
      row.timeSeconds.cell, row.percentOfRead.cell, row.ceiling, row.percentOfCeiling.cell,
      row.gopPerThreadAndGigahertz(run.environment).cell,
    ]
  }

  private func describe(_ run: Run) -> String {
    Markdown.cell(
      "\(run.environment.run), \(run.environment.processorName), \(run.environment.system.architecture), "
        + "\(run.kernels.count { $0.status == .ok }) rows measured"
        + (run.isEmulated ? ", \(run.kernels.count { $0.status == .emulated }) emulated" : ""))
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
    var table = MarkdownTable(
      [("kernel", .left), ("model", .left), ("layer", .left), ("case", .left)]
        + ["first", "second"].flatMap { run -> [(String, MarkdownTable.Alignment)] in
          [
            ("\(run), % of its read bandwidth", .right), ("\(run), % of its ceiling", .right),
            ("\(run), GOP/s a thread and GHz", .right),
          ]
        })
    for row in rows {
      table.append(
        [row.second.kernel, row.second.model, row.second.label, Conditions(row.second).title]
          + shares(row.first, in: first) + shares(row.second, in: second))
    }
    return """
      Different machines: times are not compared, only how near each kernel comes to what its own
      machine can do. Its ceiling is the slowest of reading the packed weights and of its
      multiplications or lookups, and is named. \(clocks)

      \(table.text)
      """
  }

  private func shares(_ row: KernelRow, in run: Run) -> [String] {
    let ceiling = row.percentOfCeiling.map { "\(Numbers.percent($0 / 100)) of \(row.ceiling)" }
    return [
      row.percentOfRead.map { Numbers.percent($0 / 100) } ?? Cells.none, ceiling ?? Cells.none,
      Cells.number(row.gopPerThreadAndGigahertz(run.environment)),
    ]
  }

  /// What a clock is known from, or why it is not.
  private var clocks: String {
    let texts = [("first", first), ("second", second)].map { name, run in
      switch run.environment.processor.gigahertz {
      case .value(let gigahertz)?: "\(name) \(Numbers.significant(gigahertz)) GHz"
      case .unavailable(let reason)?: "\(name) unknown (\(reason))"
      case nil: "\(name) unknown (the run is from before it was asked)"
      }
    }
    return "Clocks, the highest that each machine tells: \(texts.joined(separator: ", "))."
  }
}

extension KernelRow {
  /// The speed for each thread and tick, by the highest clock that the machine tells; nil where it tells none.
  func gopPerThreadAndGigahertz(_ environment: RunEnvironment) -> Double? {
    guard let gopPerSecond, let gigahertz = environment.processor.gigahertz?.value, gigahertz > 0
    else { return nil }
    return gopPerSecond / Double(threads) / gigahertz
  }
}
