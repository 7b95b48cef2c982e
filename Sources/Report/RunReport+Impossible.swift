internal import Results
internal import Statistics

extension RunReport {
  /// Rows that claim more than the machine can do: errors of measuring, to be looked into.
  var impossible: String {
    guard run.kernels.contains(where: { $0.readGBPerSecond != nil }) else { return "" }
    let heading = "## Above the ceiling\n\n"
    let turns = Turns(run.samples)
    let rows = run.kernels.filter { $0.exceedsReadBandwidth(turns.seconds(of: $0)) }
    guard !rows.isEmpty else {
      return heading + "No row's interval lies above the read bandwidth of its own case.\n"
    }
    var table = MarkdownTable([
      ("kernel", .left), ("shape", .left), ("case", .left), ("GB/s", .right),
      ("read, GB/s", .right),
    ])
    for row in rows {
      table.append([
        row.kernel, row.label, Conditions(row).title, Cells.number(row.packedGBPerSecond),
        Cells.number(row.readGBPerSecond),
      ])
    }
    return heading
      + "A measuring error, not a fast kernel: even the slow end of the interval is more bytes a "
      + "second than the probe could read, so the probe was disturbed or the weights were not "
      + "where the case says.\n\n" + table.text
  }
}

extension KernelRow {
  /// Whether even the slowest time that the samples allow for is too fast for the read bandwidth.
  func exceedsReadBandwidth(_ seconds: [Double]) -> Bool {
    guard status == .ok, let packedBytes, let readGBPerSecond,
      let slowest = Bootstrap().interval(ofMedianOfTimes: seconds)?.high ?? timeSeconds
    else { return false }
    return Double(packedBytes) / slowest / 1e9 > readGBPerSecond
  }
}
