internal import Results
internal import Statistics

/// The cells of the report's tables.
enum Cells {
  /// What stands where there is no number.
  static let none = "-"
  /// What marks a time that is one sample.
  static let singleSample = "†"

  static func yesNo(_ value: Bool) -> String { value ? "yes" : "no" }

  static func number(_ value: Double?) -> String {
    value.map { Numbers.significant($0) } ?? none
  }

  /// Milliseconds ± MdAPE of a row that was measured, or how it ended.
  static func time(_ row: KernelRow?) -> String {
    guard let row else { return none }
    guard let seconds = row.timeSeconds else { return row.status.rawValue }
    let median = Numbers.significant(1e3 * seconds)
    if row.samples == 1 { return median + singleSample }
    return row.timeMdAPE.map { "\(median) ± \(Numbers.percent($0))" } ?? median
  }

  /// A ratio, its 95 % interval and what they allow to be said.
  static func ratio(_ ratio: SpeedRatio?, minEffect: Double) -> String {
    guard let ratio else { return none }
    let interval = ratio.interval.map {
      " (\(Numbers.significant($0.low)) to \(Numbers.significant($0.high)))"
    }
    let verdict = ratio.verdict(minEffect: minEffect).rawValue
    return "\(number(ratio.value))\(interval ?? "") \(verdict)"
  }

  static func millisecondsPerToken(_ total: Entry.Total?, tokens: Int) -> String {
    guard let total else { return none }
    let text = Numbers.significant(1e3 * total.seconds / Double(tokens))
    return total.hasSingleSample ? text + singleSample : text
  }

  /// GB/s, with the percentage of the read bandwidth where that was measured.
  static func rate(_ gbPerSecond: Double?, shareOfRead: Double?) -> String {
    let rate = number(gbPerSecond)
    return shareOfRead.map { "\(rate) (\(Numbers.percent($0)))" } ?? rate
  }
}
