/// What the machine code does not prove of a kernel's declaration, from unproven.csv: named, bounded, with a reason.
struct Unproven: Hashable {
  let kernel, stage, name: String
  let bound: Bound

  /// How far declared and executed may be apart.
  enum Bound: String {
    /// One for each output, rows counted in whole blocks of 64.
    case outputs
    /// Three for each input of each token.
    case inputs
    /// One for each block of 256 weights, rows counted in whole blocks of 64.
    case blocks
    /// Any number: something else proves it, or nothing does.
    case any

    func allows(_ difference: Int, m: Int, n: Int, k: Int) -> Bool {
      let rows = (m + 63) / 64 * 64
      switch self {
      case .outputs: return abs(difference) <= rows * n
      case .inputs: return abs(difference) <= 3 * n * (k + 32)
      case .blocks: return abs(difference) <= rows * ((k + 255) / 256) * n
      case .any: return true
      }
    }
  }

  static func all(csv: String) throws -> [Unproven] {
    try csv.split(separator: "\n").dropFirst().map { line in
      let cells = line.split(separator: ",", maxSplits: 4, omittingEmptySubsequences: false)
        .map(String.init)
      guard cells.count == 5, let bound = Bound(rawValue: cells[3]), !cells[4].isEmpty else {
        throw OpcodeTable.InvalidLine(line: String(line))
      }
      return Unproven(kernel: cells[0], stage: cells[1], name: cells[2], bound: bound)
    }
  }
}
