/// The encoding of one x86 instruction on vector registers, as far as the census needs it.
struct VectorInstruction: Hashable {
  /// 1: 0F, 2: 0F38, 3: 0F3A.
  let map: Int
  /// 0, 0x66, 0xF3 or 0xF2.
  let prefix: Int
  let opcode: Int
  /// Of the ModRM byte: a part of the opcode for some.
  let reg: Int
  let w: Int
  let bits: Int
}

extension VectorInstruction {
  /// Whether the result is a constant when both operands are one register: x ^ x, x == x, x - x.
  fileprivate var isConstantOfEqualOperands: Bool {
    switch (map, prefix) {
    case (1, 0x66): [0xEF, 0x57, 0x74, 0x75, 0x76, 0xF8, 0xF9, 0xFA, 0xFB].contains(opcode)
    case (1, 0): opcode == 0x57
    default: false
    }
  }
}

/// What the bytes at an address are.
enum DecodedInstruction: Equatable {
  case vector(VectorInstruction)
  /// A population count in a general register: data, but not in a vector.
  case scalarPopulation
  /// Integers in general registers, masks of lanes, control, and constants made without data.
  case other
}

extension DecodedInstruction {
  private static let prefixes = [0, 0x66, 0xF3, 0xF2]

  /// Decodes the opcode; the operands do not matter.
  init(_ code: UnsafeRawPointer) {
    func byte(_ index: Int) -> Int { Int(code.load(fromByteOffset: index, as: UInt8.self)) }
    switch byte(0) {
    case 0xC5:
      self.init(vex: byte(1), map: 1, w: 0, opcode: byte(2), modRM: byte(3), high: 0)
    case 0xC4:
      let high = ~byte(1) >> 5 & 1  // the fourth bit of the second operand's number
      self.init(
        vex: byte(2), map: byte(1) & 0x1F, w: byte(2) >> 7, opcode: byte(3), modRM: byte(4),
        high: high)
    case 0x62:
      // With registers only, this bit says that L'L is a rounding mode.
      let isRounded = byte(3) & 0x10 != 0 && byte(5) >= 0xC0
      let instruction = VectorInstruction(
        map: byte(1) & 7, prefix: Self.prefixes[byte(2) & 3], opcode: byte(4),
        reg: byte(5) >> 3 & 7, w: byte(2) >> 7,
        bits: isRounded ? 512 : 128 << (byte(3) >> 5 & 3))
      let first = ~byte(2) >> 3 & 15 | (~byte(3) >> 3 & 1) << 4
      let second = byte(5) & 7 | (~byte(1) >> 5 & 1) << 3 | (~byte(1) >> 6 & 1) << 4
      let isTernaryConstant =
        instruction.map == 3 && instruction.opcode == 0x25
        && byte(5) >= 0xC0 && [0, 0xFF].contains(byte(6))
      self =
        isTernaryConstant
          || byte(5) >= 0xC0 && first == second
            && instruction.isConstantOfEqualOperands
        ? .other : .vector(instruction)
    default:
      self.init(legacy: byte)
    }
  }

  private init(vex fields: Int, map: Int, w: Int, opcode: Int, modRM: Int, high: Int) {
    // BMI in map 2 and 3 works on general registers, instructions on masks in map 1.
    let isGeneral =
      map == 2 && (0xF2...0xF7).contains(opcode) || map == 3 && opcode == 0xF0
    let isMask = map == 1 && ((0x41...0x4B).contains(opcode) || (0x90...0x99).contains(opcode))
    let isMaskShift = map == 3 && (0x30...0x33).contains(opcode)
    guard !isGeneral, !isMask, !isMaskShift else {
      self = .other
      return
    }
    let instruction = VectorInstruction(
      map: map, prefix: Self.prefixes[fields & 3], opcode: opcode, reg: modRM >> 3 & 7, w: w,
      bits: fields & 4 == 0 ? 128 : 256)
    let first = ~fields >> 3 & 15, second = modRM & 7 | high << 3
    self =
      modRM >= 0xC0 && first == second && instruction.isConstantOfEqualOperands
      ? .other : .vector(instruction)
  }

  /// Without VEX or EVEX: SSE and SSE2, all that code for the baseline CPU has.
  private init(legacy byte: (Int) -> Int) {
    var index = 0, prefix = 0
    while [0x66, 0xF2, 0xF3, 0x2E, 0x3E, 0x64, 0x65].contains(byte(index)) {
      if byte(index) != 0x66 || prefix == 0 {
        prefix = [0x66, 0xF2, 0xF3].contains(byte(index)) ? byte(index) : prefix
      }
      index += 1
    }
    var rex = 0
    if byte(index) & 0xF0 == 0x40 {
      rex = byte(index)
      index += 1
    }
    guard byte(index) == 0x0F else {
      self = .other
      return
    }
    let opcode = byte(index + 1)
    if opcode == 0xB8 && prefix == 0xF3 {
      self = .scalarPopulation
      return
    }
    let isVector =
      [0x38, 0x3A].contains(opcode) || (0x10...0x17).contains(opcode)
      || (0x28...0x2F).contains(opcode) || (0x50...0x7F).contains(opcode)
      || [0xC2, 0xC4, 0xC5, 0xC6].contains(opcode) || (0xD0...0xFE).contains(opcode)
    guard isVector else {
      self = .other
      return
    }
    let map = opcode == 0x38 ? 2 : opcode == 0x3A ? 3 : 1
    let last = map == 1 ? index + 1 : index + 2
    let modRM = byte(last + 1)
    let instruction = VectorInstruction(
      map: map, prefix: prefix, opcode: byte(last), reg: modRM >> 3 & 7, w: 0, bits: 128)
    let first = modRM >> 3 & 7 | (rex >> 2 & 1) << 3, second = modRM & 7 | (rex & 1) << 3
    self =
      modRM >= 0xC0 && first == second && instruction.isConstantOfEqualOperands
      ? .other : .vector(instruction)
  }
}
