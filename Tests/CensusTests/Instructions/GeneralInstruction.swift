/// What an instruction outside the vector registers accesses in memory.
enum GeneralInstruction {
  /// So many bytes, so often: once to read or write, twice to read and write back.
  case access(bytes: Int, times: Int)
  /// Nothing but the stack, an address beside the instruction, or nothing at all.
  case none
  case unknown

  /// Classes an instruction; Intel SDM, volume 2, appendix A.
  init(_ instruction: Encoding) {
    // x ^ x and the like, which were taken for constants, so that both operands are registers.
    let isConstant =
      instruction.map == 1
      && [0x57, 0x74, 0x75, 0x76, 0xEF, 0xF8, 0xF9, 0xFA, 0xFB].contains(instruction.opcode)
      || instruction.map == 3 && instruction.form == .evex && instruction.opcode == 0x25
    guard !isConstant else {
      self = .none
      return
    }
    self =
      switch (instruction.form, instruction.map) {
      case (.legacy, 0): Self.oneByte(instruction)
      case (.legacy, 1): Self.twoBytes(instruction)
      case (.legacy, _): .unknown
      default: Self.extended(instruction)
      }
  }

  private static func oneByte(_ i: Encoding) -> Self {
    let own = i.opcode & 1 == 0 ? 1 : i.operandBytes
    switch i.opcode {
    case 0..<0x40 where i.opcode & 7 < 4:
      let writesMemory = i.opcode & 7 < 2 && i.opcode & 0x38 != 0x38  // not a comparison
      return .access(bytes: own, times: writesMemory ? 2 : 1)
    case 0..<0x40 where i.opcode & 7 < 6: return .none
    case 0x63: return .access(bytes: 4, times: 1)
    case 0x69, 0x6B: return .access(bytes: i.operandBytes, times: 1)
    case 0x80, 0x81, 0x83:
      let bytes = i.opcode == 0x80 ? 1 : i.operandBytes
      return .access(bytes: bytes, times: i.reg == 7 ? 1 : 2)
    case 0x84, 0x85, 0x88...0x8B, 0xC6, 0xC7: return .access(bytes: own, times: 1)
    case 0x86, 0x87, 0xC0, 0xC1, 0xD0...0xD3: return .access(bytes: own, times: 2)
    case 0xF6, 0xF7: return .access(bytes: own, times: i.reg == 2 || i.reg == 3 ? 2 : 1)
    case 0xFE: return .access(bytes: 1, times: 2)
    case 0xFF where i.reg < 2: return .access(bytes: i.operandBytes, times: 2)
    case 0xFF: return .access(bytes: 8, times: 1)  // jumps and calls through a table, pushes
    case 0x8D, 0x50...0x5F, 0x68, 0x6A, 0x70...0x7F, 0x90...0x99, 0xA8, 0xA9, 0xB0...0xBF,
      0xC2, 0xC3, 0xC9, 0xCC, 0xE8, 0xE9, 0xEB:
      return .none
    default: return .unknown
    }
  }

  private static func twoBytes(_ i: Encoding) -> Self {
    switch i.opcode {
    case 0x0D, 0x18...0x1F, 0x0B, 0x31, 0x77, 0x80...0x8F, 0xA2, 0xAE, 0xC8...0xCF: return .none
    case 0x40...0x4F, 0xAF, 0xB8, 0xBC, 0xBD, 0xA3: return .access(bytes: i.operandBytes, times: 1)
    case 0x90...0x9F, 0xB6, 0xBE: return .access(bytes: 1, times: 1)
    case 0xB7, 0xBF: return .access(bytes: 2, times: 1)
    case 0xA4, 0xA5, 0xAC, 0xAD: return .access(bytes: i.operandBytes, times: 2)
    case 0xBA: return .access(bytes: i.operandBytes, times: i.reg == 4 ? 1 : 2)
    default: return .unknown
    }
  }

  /// Bits in general registers, and masks of lanes.
  private static func extended(_ i: Encoding) -> Self {
    switch (i.map, i.opcode) {
    case (1, 0x77): return .none
    case (2, 0xF2...0xF7), (3, 0xF0): return .access(bytes: i.operandBytes, times: 1)
    case (1, 0x90), (1, 0x91):
      let bytes = i.prefix == 0x66 ? (i.w == 0 ? 1 : 4) : (i.w == 0 ? 2 : 8)
      return .access(bytes: bytes, times: 1)
    case (1, 0x41...0x4B), (1, 0x92...0x99), (3, 0x30...0x33): return .none
    default: return .unknown
    }
  }
}
