internal import Results

extension RunReport {
  /// How fast each probe read memory, over all cases of equal conditions.
  var ceilings: String {
    guard !run.ceilings.isEmpty else { return "" }
    var table = MarkdownTable([
      ("probe", .left), ("prefetch", .left), ("threads", .right), ("cache", .left),
      ("pages", .left), ("cases", .right), ("median, GB/s", .right), ("best, GB/s", .right),
    ])
    let groups = Groups(run.ceilings) {
      [$0.probe, "\($0.prefetch)", "\($0.threads)", $0.cache.rawValue, $0.pageSize]
    }
    for group in groups.inOrder {
      let best = group.map(\.bestGBPerSecond).max()
      table.append([
        group[0].probe, Cells.yesNo(group[0].prefetch), "\(group[0].threads)",
        group[0].cache.rawValue, group[0].pageSize, "\(group.count)",
        Cells.number(median(group.map(\.medianGBPerSecond))), Cells.number(best),
      ])
    }
    return """
      ## Read bandwidth of this machine

      Probes that only read the kernels' buffers, in turns with the kernels. A kernel's percentage
      is of the fastest probe in its own case; this is the median of the cases' medians.

      \(table.text)
      """
  }

  private func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
