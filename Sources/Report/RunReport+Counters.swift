internal import Results

extension RunReport {
  /// What was counted of each kernel, and what follows from it; what was not counted has its reasons below.
  var counters: String {
    guard !run.counters.isEmpty else { return "" }
    var table = MarkdownTable([
      ("kernel", .left), ("M×N×K", .left), ("threads", .right), ("cache", .left),
      ("source", .left), ("instructions", .right), ("per weight", .right), ("IPC", .right),
      ("bytes/cycle", .right), ("L3 misses, GB/s", .right), ("scaled", .left),
    ])
    let cases = Groups(run.counters) { CountedCase.key($0) }.inOrder.map {
      CountedCase($0, in: run)
    }
    for counted in cases where counted.hasValues {
      let row = counted.first
      table.append([
        row.kernel, "\(row.outFeatures)×\(row.tokens)×\(row.inFeatures)", "\(row.threads)",
        row.cache.rawValue, row.source, Cells.number(counted.instructions),
        Cells.number(counted.instructionsPerWeight), Cells.number(counted.instructionsPerCycle),
        Cells.number(counted.bytesPerCycle), Cells.number(counted.missGBPerSecond),
        Cells.yesNo(counted.isScaled),
      ])
    }
    let body = cases.contains(where: \.hasValues) ? table.text : "Nothing could be counted.\n"
    return """
      ## Counters

      Taken in calls of their own, after the timing; docs/counters.md says how. Single-stepped
      instructions are exact, of one thread. Per weight is per M·K weight of a call. Bytes are those of
      the packed weights; a miss is one line of 64 bytes.

      \(body)\(countReasons.isEmpty ? "" : "\nNot counted:\n" + countReasons)
      """
  }

  /// Each reason once, with what it kept from being counted.
  var countReasons: String {
    let missing = run.counters.filter { $0.value == nil }
    guard !missing.isEmpty else { return "" }
    let groups = Groups(missing) { [$0.source, $0.event, $0.reason] }
    let lines = groups.inOrder.map { group in
      let times = Numbers.count(group.count, "time")
      return "- \(group[0].source), \(group[0].event), \(times): \(group[0].reason)"
    }
    return "\n" + lines.joined(separator: "\n") + "\n"
  }
}

/// The counts of one kernel's row.
private struct CountedCase {
  let first: CounterRow
  private let rows: [CounterRow]
  private let kernel: KernelRow?

  static func key(_ row: CounterRow) -> [String] {
    [
      row.kernel, row.model, row.layer, "\(row.outFeatures)", "\(row.inFeatures)", "\(row.tokens)",
      "\(row.threads)", row.cache.rawValue, row.source,
    ]
  }

  /// - Precondition: There is at least one row.
  init(_ rows: [CounterRow], in run: Run) {
    first = rows[0]
    self.rows = rows.filter { $0.thread == nil }
    let first = rows[0]
    kernel = run.kernels.first {
      $0.kernel == first.kernel && $0.model == first.model && $0.layer == first.layer
        && $0.outFeatures == first.outFeatures && $0.inFeatures == first.inFeatures
        && $0.tokens == first.tokens && $0.threads == first.threads && $0.cache == first.cache
    }
  }

  var hasValues: Bool { rows.contains { $0.value != nil } }
  var isScaled: Bool { rows.contains(where: \.scaled) }

  /// The sum over the stages; nil if one is missing.
  private func sum(_ event: String) -> Double? {
    let counts = rows.filter { $0.event == event }.map(\.value)
    guard !counts.isEmpty, !counts.contains(nil) else { return nil }
    return counts.compactMap(\.self).reduce(0, +)
  }

  var instructions: Double? { sum("instructions") }

  var instructionsPerWeight: Double? {
    instructions.map { $0 / (Double(first.outFeatures) * Double(first.inFeatures)) }
  }

  var instructionsPerCycle: Double? { ratio(instructions, sum("cycles")) }

  var bytesPerCycle: Double? { ratio(kernel?.packedBytes.map { Double($0) }, sum("cycles")) }

  var missGBPerSecond: Double? {
    ratio(sum("l3_misses").map { $0 * 64 * 1e-9 }, kernel?.timeSeconds)
  }

  private func ratio(_ a: Double?, _ b: Double?) -> Double? {
    guard let a, let b, b > 0 else { return nil }
    return a / b
  }
}
