internal import Results
internal import Statistics

extension RunReport {
  /// How much of what was measured can be told apart, and what measuring itself cost.
  var certainty: String {
    let text = verdicts + overhead
    return text.isEmpty ? "" : "## How certain this is\n\n" + text
  }

  /// The verdicts on every two kernels that took turns in a case.
  private var verdicts: String {
    let turns = Turns(run.samples)
    var counts: [RatioVerdict: Int] = [:]
    var (far, unsure) = (0, 0)
    let rows = run.kernels.filter { $0.status == .ok }
    for members in Dictionary(grouping: rows, by: { CaseKey($0).withoutKernel }).values {
      for (index, a) in members.enumerated() {
        for b in members[(index + 1)...] {
          guard let ratio = turns.speedRatio(of: a, over: b), let one = a.timeSeconds,
            let other = b.timeSeconds
          else { continue }
          let verdict = ratio.verdict(minEffect: minEffect)
          counts[verdict, default: 0] += 1
          guard max(one, other) > 1.1 * min(one, other) else { continue }
          far += 1
          if verdict == .unsure { unsure += 1 }
        }
      }
    }
    let pairs = counts.values.reduce(0, +)
    guard pairs > 0 else { return "" }
    let apart = counts[.faster, default: 0] + counts[.slower, default: 0]
    let share = far == 0 ? "" : " (\(Numbers.percent(Double(unsure) / Double(far))))"
    return """
      Of \(pairs) pairs of kernels that took turns in a case, \(apart) differ by more than \
      \(Numbers.percent(minEffect)) for sure, \(counts[.same, default: 0]) are the SAME and \
      \(counts[.unsure, default: 0]) UNSURE. Of the \(far) whose medians differ by over 10%, \
      \(unsure)\(share) are UNSURE.

      """
  }

  /// The worst share of a sample's time that went into reading the clock.
  private var overhead: String {
    let rows = run.kernels.compactMap { row in row.overheadShare.map { (row: row, share: $0) } }
    guard let worst = rows.max(by: { $0.share < $1.share }) else { return "" }
    return """

      Reading the clock took at most \(Numbers.percent(worst.share)) of a sample's time: \
      \(worst.row.kernel), \(worst.row.label), \(Conditions(worst.row).title).

      """
  }
}
