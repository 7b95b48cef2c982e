import MPGEMM

/// What the machine code does not prove of a kernel's declaration, from unproven.csv: named, with what proves it.
struct Unproven: Hashable {
  let kernel, stage, name: String
  /// Executed less declared.
  let difference: Difference

  /// A sum of products of whole numbers, m, n, k, "many" (1 for several tokens, else 0), and ceil(x/c), floor(x/c).
  struct Difference: Hashable {
    private let terms: [[Substring]]

    init?(_ text: String) {
      terms = text.split(separator: " ").map { $0.split(separator: "*") }
      guard !terms.isEmpty, value(of: Shape(outFeatures: 1, tokens: 1, inFeatures: 1)) != nil else {
        return nil
      }
    }

    func value(of shape: Shape) -> Int? {
      terms.reduce(0) { sum, factors in
        let product = factors.reduce(1) { product, factor in
          Self.value(factor, shape).flatMap { value in product.map { $0 * value } }
        }
        return sum.flatMap { sum in product.map { sum + $0 } }
      }
    }

    private static func value(_ factor: Substring, _ shape: Shape) -> Int? {
      switch factor {
      case "m": return shape.outFeatures
      case "n": return shape.tokens
      case "k": return shape.inFeatures
      case "many": return shape.tokens > 1 ? 1 : 0
      default: break
      }
      guard factor.hasSuffix(")") else { return Int(factor) }
      let parts = factor.dropLast().split(separator: "(").flatMap { $0.split(separator: "/") }
      guard parts.count == 3, let dividend = value(parts[1], shape), let divisor = Int(parts[2]),
        divisor > 0
      else { return nil }
      switch parts[0] {
      case "ceil": return (dividend + divisor - 1) / divisor
      case "floor": return dividend / divisor
      default: return nil
      }
    }
  }

  static func all(csv: String) throws -> [Unproven] {
    try csv.split(separator: "\n").dropFirst().map { line in
      let cells = line.split(separator: ",", maxSplits: 4, omittingEmptySubsequences: false)
        .map(String.init)
      guard cells.count == 5, let difference = Difference(cells[3]), !cells[4].isEmpty else {
        throw OpcodeTable.InvalidLine(line: String(line))
      }
      return Unproven(kernel: cells[0], stage: cells[1], name: cells[2], difference: difference)
    }
  }
}
