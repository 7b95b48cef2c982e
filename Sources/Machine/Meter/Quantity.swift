// Quantity.swift: numbers with units in reasons and reports.

/// Writes a quantity with three significant digits, the prefix that suits it and its unit: "1.02 ms".
func quantity(_ value: Double, _ unit: String) -> String {
  guard value.isFinite, value != 0 else { return "\(value) \(unit)" }
  let prefixes = [(1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "u")]
  // A hair below a prefix's start belongs to it: 0.99999 ms is 1 ms.
  let prefix = prefixes.first { value.magnitude >= $0.0 * 0.9995 } ?? (1e-9, "n")
  let scaled = value / prefix.0
  let digits = scaled.magnitude >= 99.95 ? 1.0 : scaled.magnitude >= 9.995 ? 10 : 100
  let rounded = (scaled * digits).rounded() / digits
  let text = rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  return "\(text) \(prefix.1)\(unit)"
}
