import Machine

#if arch(x86_64) && os(Linux)
/// What an instruction accesses in memory: where, how many bytes, and under which mask.
struct MemoryAccess {
  let place: Encoding.Place
  let bytes: Int
  /// 2 where the instruction reads and writes back.
  let times: Int
  let mask: Mask?

  /// Which lanes an instruction leaves alone.
  enum Mask {
    /// The bits of k1 to k7, one for each lane of so many bytes.
    case bits(register: Int, laneBytes: Int)
    /// The signs of a vector's lanes of four bytes.
    case signs(register: Int)
    /// None, if a tile's rows lie one behind the other: if this general register, their distance, says so.
    case rows(register: Int)
  }

  private init(place: Encoding.Place, bytes: Int, times: Int, mask: Mask?) {
    (self.place, self.bytes, self.times, self.mask) = (place, bytes, times, mask)
  }

  /// Nil for none.
  init?(_ code: UnsafeRawPointer, _ table: OpcodeTable) throws(Unknown) {
    let encoding = Encoding(code)
    switch DecodedInstruction(code) {
    case .vector(let instruction):
      guard let entry = table.entry(instruction) else { throw Unknown(encoding) }
      try self.init(encoding, entry)
    case .other, .scalarPopulation:
      switch GeneralInstruction(encoding) {
      case .none: return nil
      case .unknown: throw Unknown(encoding)
      case .access(let bytes, let times):
        guard let place = encoding.place(bytes: bytes) else { return nil }
        self.init(place: place, bytes: bytes, times: times, mask: nil)
      }
    }
  }

  private init?(_ encoding: Encoding, _ entry: OpcodeTable.Entry) throws(Unknown) {
    let register = encoding.bits / 8, lane = encoding.w == 1 ? 8 : 4
    let bytes = encoding.isBroadcast ? lane : entry.memory.bytes(of: register, w: encoding.w)
    guard let place = encoding.place(bytes: bytes) else { return nil }
    if entry.memory == .tile {
      guard let distance = place.index else { throw Unknown(encoding) }
      let first = Encoding.Place(
        base: place.base, index: nil, scale: 1, displacement: place.displacement)
      self.init(place: first, bytes: bytes, times: 1, mask: .rows(register: distance))
      return
    }
    let mask: Mask?
    if encoding.mask != 0, !encoding.isBroadcast {
      guard bytes == register else { throw Unknown(encoding) }
      // Of the moves, those with F2 are of bytes and words.
      let isNarrow = encoding.map == 1 && encoding.prefix == 0xF2
      mask = .bits(register: encoding.mask, laneBytes: isNarrow ? encoding.w + 1 : lane)
    } else if encoding.form == .vex, entry.name.hasPrefix("vmaskmov") || entry.name == "vpmaskmovd"
    {
      mask = .signs(register: encoding.second)
    } else {
      mask = nil
    }
    self.init(place: place, bytes: bytes, times: 1, mask: mask)
  }

  /// An instruction that nobody has said the operand of.
  struct Unknown: Error {
    let map, prefix, opcode: Int

    init(_ encoding: Encoding) {
      (map, prefix, opcode) = (encoding.map, encoding.prefix, encoding.opcode)
    }
  }

  /// The bytes that it reads and writes in this state; nil where the system hides the mask, or rows lie apart.
  func bytes(in state: InstructionState) -> Int? {
    switch mask {
    case nil: return bytes * times
    case .bits(let register, let laneBytes):
      let lanes = UInt64.max >> (64 - UInt64(bytes / laneBytes))
      return state.masks().map { ($0[register] & lanes).nonzeroBitCount * laneBytes }
    case .signs(let register):
      return state.lanes(ofVector: register).map { lanes in
        4 * lanes.prefix(bytes / 4).count { $0 >> 31 == 1 }
      }
    case .rows(let register): return state.register(register) == 64 ? bytes : nil
    }
  }
}
#endif
