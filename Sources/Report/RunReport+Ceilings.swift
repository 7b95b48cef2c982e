internal import Results

extension RunReport {
  /// What the machine itself can do: read memory, and execute the instructions that kernels stand on.
  var ceilings: String {
    [readCeilings, instructionCeilings].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// How fast each probe read memory, over all cases of equal conditions.
  private var readCeilings: String {
    let reads = run.ceilings.filter { $0.medianGBPerSecond != nil }
    guard !reads.isEmpty else { return "" }
    var table = MarkdownTable([
      ("probe", .left), ("prefetch", .left), ("threads", .right), ("cache", .left),
      ("pages", .left), ("cases", .right), ("median, GB/s", .right), ("best, GB/s", .right),
    ])
    let groups = Groups(reads) {
      [$0.probe, "\($0.prefetch)", "\($0.threads)", $0.cache.rawValue, $0.pageSize]
    }
    for group in groups.inOrder {
      let best = group.compactMap(\.bestGBPerSecond).max()
      table.append([
        group[0].probe, Cells.yesNo(group[0].prefetch), "\(group[0].threads)",
        group[0].cache.rawValue, group[0].pageSize, "\(group.count)",
        Cells.number(median(group.compactMap(\.medianGBPerSecond))), Cells.number(best),
      ])
    }
    return """
      ## Read bandwidth of this machine

      Probes that only read the kernels' buffers, in turns with the kernels. A kernel's percentage
      is of the fastest probe in its own case; this is the median of the cases' medians. Probes that
      name a cache read buffers of half its size, one for each thread.

      \(table.text)
      """
  }

  /// How often the machine executed each instruction.
  private var instructionCeilings: String {
    let rows = run.ceilings.filter { $0.medianGOPPerSecond != nil }
    guard !rows.isEmpty else { return "" }
    var table = MarkdownTable([
      ("probe", .left), ("operation", .left), ("threads", .right), ("median, GOP/s", .right),
      ("best, GOP/s", .right),
    ])
    for row in rows {
      table.append([
        row.probe, row.operation.isEmpty ? "none that kernels count" : row.operation,
        "\(row.threads)", Cells.number(row.medianGOPPerSecond), Cells.number(row.bestGOPPerSecond),
      ])
    }
    return """
      ## Instruction throughput of this machine

      Loops of one instruction on registers. An operation is one lane's: one multiplication, one
      lookup. A kernel's ceiling is the slowest of reading its weights and of the multiplications and
      lookups it counts, each on the best instruction that the kernel may use.

      \(table.text)
      """
  }

  private func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
