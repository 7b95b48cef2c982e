internal import Results
internal import Statistics

extension RunReport {
  /// Rows that claim more than the machine can do: errors of measuring, to be looked into.
  var impossible: String {
    guard run.kernels.contains(where: { $0.leastSeconds != nil }) else { return "" }
    let heading = "## Above the ceiling\n\n"
    let turns = Turns(run.samples)
    let rows = run.kernels.filter { $0.exceedsCeiling(turns.seconds(of: $0)) }
    guard !rows.isEmpty else {
      return heading + "No row's interval lies above its ceiling.\n"
    }
    var table = MarkdownTable([
      ("kernel", .left), ("shape", .left), ("case", .left), ("time, ms", .right),
      ("ceiling, ms", .right), ("ceiling", .left),
    ])
    for row in rows {
      table.append([
        row.kernel, row.label, Conditions(row).title,
        Cells.number(row.timeSeconds.map { 1e3 * $0 }),
        Cells.number(row.leastSeconds.map { 1e3 * $0 }), row.ceiling.isEmpty ? "read" : row.ceiling,
      ])
    }
    return heading
      + "A measuring error, not a fast kernel: even the slow end of the interval is faster than the "
      + "probe that read the same bytes or executed the same operations, so the probe was disturbed "
      + "or the weights were not where the case says.\n\n" + table.text
  }
}

extension KernelRow {
  /// The least time that the ceiling which binds allows; before schema 3 that was always reading.
  var leastSeconds: Double? {
    if let ceilingSeconds { return ceilingSeconds }
    guard let packedBytes, let readGBPerSecond else { return nil }
    return Double(packedBytes) / readGBPerSecond / 1e9
  }

  /// Whether even the slowest time that the samples allow for is too fast for the ceiling.
  func exceedsCeiling(_ seconds: [Double]) -> Bool {
    guard status == .ok, let leastSeconds,
      let slowest = Bootstrap().interval(ofMedianOfTimes: seconds)?.high ?? timeSeconds
    else { return false }
    return slowest < leastSeconds
  }
}
