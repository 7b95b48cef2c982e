import MPGEMM

/// What each vector instruction counts, from opcodes.csv.
struct OpcodeTable {
  /// The operations of one instruction.
  struct Entry {
    let name: String
    let counts: [(count: WritableKeyPath<OperationCounts, Int>, times: Times)]
    let memory: Memory
  }

  /// How many operations of a class an instruction is.
  enum Times {
    case lanes(bits: Int)
    /// However wide the register.
    case one
    /// The products of two whole tiles: 16 rows of 64 bytes by 16 columns.
    case tile

    init?(_ text: some StringProtocol) {
      switch text {
      case "one": self = .one
      case "tile": self = .tile
      default:
        guard let bits = Int(text) else { return nil }
        self = .lanes(bits: bits)
      }
    }

    func operations(registerBits: Int) -> Int {
      switch self {
      case .lanes(let bits): registerBits / bits
      case .one: 1
      case .tile: 16 * 64 * 16
      }
    }
  }

  /// How much an operand in memory is.
  enum Memory: Equatable {
    case whole, double, byW
    /// 16 rows of 64 bytes.
    case tile
    case part(Int)
    case bytes(Int)

    init?(_ text: String) {
      switch text {
      case "": self = .whole
      case "half": self = .part(2)
      case "quarter": self = .part(4)
      case "eighth": self = .part(8)
      case "double": self = .double
      case "w": self = .byW
      case "tile": self = .tile
      default:
        guard let bytes = Int(text) else { return nil }
        self = .bytes(bytes)
      }
    }

    func bytes(of register: Int, w: Int) -> Int {
      switch self {
      case .whole: register
      case .part(let share): register / share
      case .bytes(let bytes): bytes
      case .double: register == 16 ? 8 : register
      case .byW: w == 1 ? 8 : 4
      case .tile: 16 * 64
      }
    }
  }

  /// Opcodes, with `reg` and `w` where they matter.
  private struct Key: Hashable {
    let map, prefix, opcode: Int
    let reg, w: Int?
  }

  private let entries: [Key: Entry]

  /// A line that is no entry.
  struct InvalidLine: Error {
    let line: String
  }

  init(csv: String) throws {
    var entries: [Key: Entry] = [:]
    for line in csv.split(separator: "\n").dropFirst() where !line.hasPrefix("#") {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells.count == 8, let map = Int(cells[0]), let prefix = Int(cells[1], radix: 16),
        let opcode = Int(cells[2], radix: 16),
        let memory = Memory(cells[7])
      else { throw InvalidLine(line: String(line)) }
      let counts = try cells[6].split(separator: " ").map { text in
        let parts = text.split(separator: ":")
        guard parts.count == 2,
          let count = OperationCounts.classes.first(where: { $0.name == parts[0] })?.count,
          let times = Times(parts[1])
        else { throw InvalidLine(line: String(line)) }
        return (count, times)
      }
      let key = Key(map: map, prefix: prefix, opcode: opcode, reg: Int(cells[3]), w: Int(cells[4]))
      guard
        entries.updateValue(Entry(name: cells[5], counts: counts, memory: memory), forKey: key)
          == nil
      else {
        throw InvalidLine(line: String(line))
      }
    }
    self.entries = entries
  }

  /// The entry of an instruction; nil for one that nobody has classed.
  func entry(_ instruction: VectorInstruction) -> Entry? {
    for (reg, w) in [
      (nil, nil), (nil, instruction.w), (instruction.reg, nil), (instruction.reg, instruction.w),
    ] as [(Int?, Int?)] {
      let key = Key(
        map: instruction.map, prefix: instruction.prefix, opcode: instruction.opcode, reg: reg,
        w: w)
      if let entry = entries[key] { return entry }
    }
    return nil
  }

  /// Adds so many executions of an instruction.
  func add(
    _ instruction: VectorInstruction, times: Int, to total: inout OperationCounts
  ) -> Bool {
    guard let entry = entry(instruction) else { return false }
    for (count, each) in entry.counts {
      total[keyPath: count] += times * each.operations(registerBits: instruction.bits)
    }
    return true
  }
}
