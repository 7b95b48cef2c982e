// MachineCode.swift: functions of known instructions, written byte by byte.

#if os(Linux)
import Foundation
import Machine

/// A function in memory of its own, freed with the object.
final class MachineCode {
  private let page: UnsafeMutableRawPointer
  private static let size = 4096

  /// Takes a function's bytes; its one argument arrives in rdi, or x0.
  init(_ bytes: [UInt8]) {
    let mapped = mmap(
      nil, Self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED, bytes.count <= Self.size else {
      fatalError("cannot map \(Self.size) bytes")
    }
    page = mapped
    page.copyMemory(from: bytes, byteCount: bytes.count)
    mprotect(page, Self.size, PROT_READ | PROT_EXEC)
  }

  deinit {
    munmap(page, Self.size)
  }

  /// Instructions of four bytes.
  convenience init(words: [UInt32]) {
    self.init(words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } })
  }

  var function: InstructionStepper.Function {
    unsafeBitCast(page, to: InstructionStepper.Function.self)
  }

  func address(of offset: Int) -> UnsafeRawPointer { UnsafeRawPointer(page + offset) }
}

extension MachineCode {
  /// Loads the turns behind its argument, counts them down, returns: 2 + 2·turns instructions.
  static func loop() -> MachineCode {
    #if arch(x86_64)
    // mov (%rdi),%rcx; 1: dec %rcx; jnz 1b; ret
    MachineCode([0x48, 0x8B, 0x0F, 0x48, 0xFF, 0xC9, 0x75, 0xFB, 0xC3])
    #else
    // ldr x1,[x0]; 1: subs x1,x1,#1; b.ne 1b; ret
    MachineCode(words: [0xF940_0001, 0xF100_0421, 0x54FF_FFE1, 0xD65F_03C0])
    #endif
  }

  /// What the loop loads: its turns and, on x86, its return address.
  static var loopLoads: Double {
    #if arch(x86_64)
    2
    #else
    1
    #endif
  }

  /// Where the loop's two instructions begin.
  static var loopOffsets: [Int] {
    #if arch(x86_64)
    [3, 6]
    #else
    [4, 8]
    #endif
  }

  /// Returns: one instruction.
  static func empty() -> MachineCode {
    #if arch(x86_64)
    MachineCode([0xC3])
    #else
    MachineCode(words: [0xD65F_03C0])
    #endif
  }

  /// Raises SIGILL.
  static func undefined() -> MachineCode {
    #if arch(x86_64)
    MachineCode([0x0F, 0x0B])
    #else
    MachineCode(words: [0x0000_0000])
    #endif
  }

  /// Calls, twice, a function at `calleeOffset`, which has two instructions.
  static func caller() -> MachineCode {
    #if arch(x86_64)
    // call 1f; call 1f; ret; 1: nop; ret
    MachineCode([0xE8, 6, 0, 0, 0, 0xE8, 1, 0, 0, 0, 0xC3, 0x90, 0xC3])
    #else
    // mov x9,x30; bl 1f; bl 1f; ret x9; 1: nop; ret
    MachineCode(words: [
      0xAA1E_03E9, 0x9400_0003, 0x9400_0002, 0xD65F_0120, 0xD503_201F, 0xD65F_03C0,
    ])
    #endif
  }

  static var calleeOffset: Int {
    #if arch(x86_64)
    11
    #else
    16
    #endif
  }

  #if arch(x86_64)
  /// Fills bytes below the stack with one repeated string instruction, as many as its argument says.
  static func repeatedStore() -> MachineCode {
    // mov (%rdi),%rcx; mov %rsp,%rdi; sub %rcx,%rdi; rep stosb; ret
    MachineCode([0x48, 0x8B, 0x0F, 0x48, 0x89, 0xE7, 0x48, 0x29, 0xCF, 0xF3, 0xAA, 0xC3])
  }
  #endif
}
#endif
