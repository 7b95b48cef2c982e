import Machine

#if arch(x86_64) && os(Linux)
/// Which general registers, and which words of the stack, hold data: numbers out of the buffers or out of vectors.
///
/// Lengths, addresses and counters are the rest. Followed while it runs, not foretold from the code.
struct DataFlow {
  private var registers = [Bool](repeating: false, count: 16)
  private var words: Set<UInt> = []
  private let buffers: [Range<UInt>]

  init(buffers: [Range<UInt>]) {
    self.buffers = buffers
  }

  /// Follows one instruction that touches no vector register; returns whether it adds, subtracts or negates data of 32 bits.
  mutating func follow(_ i: Encoding, memory: UInt?) -> Bool {
    let source = i.isRegister ? registers[i.rmRegister] : memory.map { holdsData($0) } ?? false
    switch (i.form, i.map, i.opcode) {
    case (.legacy, 0, 0x01), (.legacy, 0, 0x29):  // to memory or a register
      let isData = source || registers[i.regRegister]
      set(i, memory, isData)
      return isData && i.operandBytes == 4
    case (.legacy, 0, 0x03), (.legacy, 0, 0x2B):
      registers[i.regRegister] = source || registers[i.regRegister]
      return registers[i.regRegister] && i.operandBytes == 4
    case (.legacy, 0, 0xF7) where i.reg == 3: return source && i.operandBytes == 4
    case (.legacy, 0, 0x31) where i.isRegister && i.rmRegister == i.regRegister:
      registers[i.regRegister] = false
    case (.legacy, 0, 0x09), (.legacy, 0, 0x21), (.legacy, 0, 0x31):
      set(i, memory, source || registers[i.regRegister])
    case (.legacy, 0, 0x0B), (.legacy, 0, 0x23), (.legacy, 0, 0x33), (.legacy, 1, 0xAF),
      (.legacy, 1, 0x40...0x4F):
      registers[i.regRegister] = source || registers[i.regRegister]
    case (.legacy, 0, 0x8B):
      // Eight bytes are an address or a length.
      registers[i.regRegister] = source && (i.isRegister || i.w == 0)
    case (.legacy, 0, 0x63), (.legacy, 0, 0x69), (.legacy, 0, 0x6B), (.legacy, 1, 0xB6...0xB8),
      (.legacy, 1, 0xBC...0xBF), (.vex, 2, 0xF7), (.vex, 3, 0xF0):
      registers[i.regRegister] = source
    case (.legacy, 0, 0x89): set(i, memory, registers[i.regRegister])
    case (.legacy, 0, 0xC7): set(i, memory, false)
    case (.legacy, 0, 0x8D):
      let place = i.place(bytes: 1)
      registers[i.regRegister] =
        [place?.base, place?.index].compactMap { $0 }.contains { registers[$0] }
    case (.legacy, 0, 0x58...0x5F), (.legacy, 0, 0xB8...0xBF): registers[i.lowRegister] = false
    default: break
    }
    return false
  }

  /// Follows an instruction on vectors: what it writes to memory or to a general register is data.
  mutating func followVector(_ i: Encoding, memory: UInt?, bytes: Int) {
    switch (i.map, i.opcode) {
    case (1, 0x7E) where i.prefix == 0x66 && i.isRegister, (3, 0x14...0x17) where i.isRegister:
      registers[i.rmRegister] = i.w == 0
    case (1, 0x2C), (1, 0x2D), (1, 0xC5): registers[i.regRegister] = true
    case (1, 0x50), (1, 0xD7): registers[i.regRegister] = false
    case (1, 0x11), (1, 0x13), (1, 0x17), (1, 0x29), (1, 0x7E), (1, 0x7F), (1, 0xD6), (1, 0xE7),
      (3, 0x14...0x1B), (3, 0x39), (3, 0x3B):
      guard let memory else { return }
      for word in stride(from: memory & ~3, to: memory + UInt(bytes), by: 4) { words.insert(word) }
    default: break
    }
  }

  private func holdsData(_ address: UInt) -> Bool {
    words.contains(address & ~3) || buffers.contains { $0.contains(address) }
  }

  private mutating func set(_ i: Encoding, _ memory: UInt?, _ isData: Bool) {
    guard !i.isRegister else {
      registers[i.rmRegister] = isData
      return
    }
    guard let memory else { return }
    for word in stride(from: memory & ~3, to: memory + UInt(i.operandBytes), by: 4) {
      if isData { words.insert(word) } else { words.remove(word) }
    }
  }
}
#endif
