/// The parts of one x86 instruction's encoding that say what it is and which memory it touches.
struct Encoding {
  /// Which scheme of prefixes it has.
  enum Form {
    case legacy, vex, evex
  }

  let form: Form
  /// 0: one byte, 1: 0F, 2: 0F38, 3: 0F3A.
  let map: Int
  /// 0, 0x66, 0xF3 or 0xF2.
  let prefix: Int
  let opcode: Int
  let w: Int
  /// Of a vector register.
  let bits: Int
  /// The number of EVEX's mask register; 0: none.
  let mask: Int
  /// EVEX: whether a memory operand is one element, for every lane.
  let isBroadcast: Bool
  /// The register that VEX and EVEX name beside ModRM.
  let second: Int
  /// Memory behind a segment register is a thread's own.
  let hasSegment: Bool
  private let rex: Int
  private let modRMOffset: Int
  private let code: UnsafeRawPointer

  private static let prefixes = [0, 0x66, 0xF3, 0xF2]

  /// Reads the bytes at an address, which are an instruction.
  init(_ code: UnsafeRawPointer) {
    func byte(_ index: Int) -> Int { Int(code.load(fromByteOffset: index, as: UInt8.self)) }
    self.code = code
    switch byte(0) {
    case 0xC5:
      (form, map, opcode, w, mask, isBroadcast) = (.vex, 1, byte(2), 0, 0, false)
      (prefix, bits) = (Self.prefixes[byte(1) & 3], 128 << (byte(1) >> 2 & 1))
      (rex, second, hasSegment, modRMOffset) = (0, ~byte(1) >> 3 & 15, false, 3)
    case 0xC4:
      (form, map, opcode, w, mask, isBroadcast) =
        (.vex, byte(1) & 31, byte(3), byte(2) >> 7, 0, false)
      (prefix, bits) = (Self.prefixes[byte(2) & 3], 128 << (byte(2) >> 2 & 1))
      (rex, second, hasSegment, modRMOffset) =
        (~byte(1) >> 5 & 7, ~byte(2) >> 3 & 15, false, 4)
    case 0x62:
      (form, map, opcode, w, mask) =
        (.evex, byte(1) & 7, byte(4), byte(2) >> 7, byte(3) & 7)
      (prefix, bits) = (Self.prefixes[byte(2) & 3], 128 << (byte(3) >> 5 & 3))
      isBroadcast = byte(3) & 0x10 != 0
      (rex, hasSegment, modRMOffset) = (~byte(1) >> 5 & 7, false, 5)
      second = ~byte(2) >> 3 & 15 | (~byte(3) >> 3 & 1) << 4
    default:
      var index = 0, prefix = 0, rex = 0, hasSegment = false
      while [0x66, 0xF2, 0xF3, 0x2E, 0x3E, 0x64, 0x65, 0xF0].contains(byte(index)) {
        switch byte(index) {
        case 0x66: prefix = prefix == 0 ? 0x66 : prefix
        case 0xF2, 0xF3: prefix = byte(index)
        case 0x64, 0x65: hasSegment = true
        default: break
        }
        index += 1
      }
      if byte(index) & 0xF0 == 0x40 {
        rex = byte(index)
        index += 1
      }
      var map = 0
      if byte(index) == 0x0F {
        map = byte(index + 1) == 0x38 ? 2 : byte(index + 1) == 0x3A ? 3 : 1
        index += map == 1 ? 1 : 2
      }
      (form, self.map, self.prefix, opcode) = (.legacy, map, prefix, byte(index))
      (w, bits, mask, isBroadcast, second) = (rex >> 3 & 1, 128, 0, false, 0)
      (self.rex, self.hasSegment, modRMOffset) = (rex & 7, hasSegment, index + 1)
    }
  }

  private func byte(_ index: Int) -> Int {
    Int(code.load(fromByteOffset: index, as: UInt8.self))
  }

  var modRM: Int { byte(modRMOffset) }

  /// The part of ModRM that names a register, or is a part of the opcode.
  var reg: Int { modRM >> 3 & 7 }

  /// Whether ModRM's other operand is a register.
  var isRegister: Bool { modRM >= 0xC0 }

  /// The numbers of the general registers that ModRM names.
  var regRegister: Int { reg | (rex & 4) << 1 }
  var rmRegister: Int { modRM & 7 | (rex & 1) << 3 }

  /// The number of the general register in an opcode's last bits.
  var lowRegister: Int { opcode & 7 | (rex & 1) << 3 }

  /// Bytes of an operand in a general register.
  var operandBytes: Int { w == 1 ? 8 : form == .legacy && prefix == 0x66 ? 2 : 4 }

  /// How the address of an operand of so many bytes is made: EVEX counts short offsets in them.
  ///
  /// Nil: ModRM names a register, or memory beside the instruction.
  func place(bytes: Int) -> Place? {
    let mod = modRM >> 6, rm = modRM & 7
    guard mod != 3, !hasSegment, !(mod == 0 && rm == 5) else { return nil }
    var base: Int? = rm | (rex & 1) << 3
    var index: Int?
    var scale = 1, next = modRMOffset + 1
    var hasWord = mod == 2
    if rm == 4 {
      let sib = byte(next)
      next += 1
      let number = sib >> 3 & 7 | (rex >> 1 & 1) << 3
      index = number == 4 ? nil : number
      scale = 1 << (sib >> 6)
      base = sib & 7 | (rex & 1) << 3
      if sib & 7 == 5 && mod == 0 { (base, hasWord) = (nil, true) }
    }
    var displacement = 0
    if hasWord {
      displacement = (0..<4).reduce(0) { $0 | byte(next + $1) << (8 * $1) }
      displacement = Int(Int32(truncatingIfNeeded: displacement))
    } else if mod == 1 {
      displacement = Int(Int8(truncatingIfNeeded: byte(next))) * (form == .evex ? bytes : 1)
    }
    return Place(base: base, index: index, scale: scale, displacement: displacement)
  }

  /// base + index · scale + displacement, of general registers by number.
  struct Place: Equatable {
    let base, index: Int?
    let scale, displacement: Int

    func address(_ register: (Int) -> UInt64) -> UInt {
      let base = base.map(register) ?? 0
      let index = index.map(register) ?? 0
      return UInt(base &+ index &* UInt64(scale) &+ UInt64(bitPattern: Int64(displacement)))
    }
  }
}
