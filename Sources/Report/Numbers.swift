/// Numbers as a reader wants them, in the same text everywhere: no locale takes part.
enum Numbers {
  /// The number to so many significant digits, never in exponent form.
  static func significant(_ value: Double, digits: Int = 3) -> String {
    guard value != 0 else { return "0" }
    guard value.isFinite else { return "\(value)" }
    let sign = value < 0 ? "-" : ""
    var magnitude = abs(value)
    // The exponent of ten of the last digit kept, and the number in units of that digit.
    var last = 1 - digits
    let limit = power(digits)
    while magnitude >= 10 { (magnitude, last) = (magnitude / 10, last + 1) }
    while magnitude < 1 { (magnitude, last) = (magnitude * 10, last - 1) }
    // Powers of ten up to 22 are exact, so that this rounds once.
    var units =
      switch last {
      case -22..<0: (abs(value) * power(-last)).rounded()
      case 0...22: (abs(value) / power(last)).rounded()
      default: (magnitude * power(digits - 1)).rounded()
      }
    if units >= limit { (units, last) = (units / 10, last + 1) }

    let kept = String(Int(units))
    if last >= 0 { return sign + kept + String(repeating: "0", count: last) }
    let padded = String(repeating: "0", count: max(0, 1 - last - kept.count)) + kept
    return "\(sign)\(padded.dropLast(-last)).\(padded.suffix(-last))"
  }

  /// A share of one as a percentage.
  static func percent(_ share: Double) -> String { significant(100 * share, digits: 2) + "%" }

  /// A size in the largest binary unit that keeps it at least 1.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    var unit = "B"
    for larger in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 {
      (value, unit) = (value / 1024, larger)
    }
    return "\(value == value.rounded() ? String(Int(value)) : significant(value)) \(unit)"
  }

  /// "1 thread", "2 threads".
  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  private static func power(_ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { value, _ in value * 10 }
  }
}
