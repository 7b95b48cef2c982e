// InstructionObserver.swift: what a single-stepped instruction is about to do.

internal import CMachine

#if arch(x86_64)
/// The state in which a single-stepped function is about to execute an instruction.
///
/// Valid only within the call that receives it.
public struct InstructionState {
  fileprivate let registers: UnsafePointer<cmachine_registers>

  /// Where the instruction lies.
  public var address: UInt64 { registers.pointee.pc }

  /// A general register, by its number in x86's encoding: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15.
  public func register(_ number: Int) -> UInt64 {
    precondition((0..<16).contains(number))
    return withUnsafeBytes(of: registers.pointee.general) {
      $0.load(fromByteOffset: 8 * number, as: UInt64.self)
    }
  }

  /// The masks k0 to k7; nil where the system does not give them.
  public func masks() -> [UInt64]? {
    var masks = [UInt64](repeating: 0, count: 8)
    return cmachine_read_masks(registers, &masks) == 0 ? masks : nil
  }

  /// The eight 32-bit lanes of ymm0 to ymm15; nil where the system does not give them.
  public func lanes(ofVector number: Int) -> [UInt32]? {
    precondition((0..<16).contains(number))
    var lanes = [UInt32](repeating: 0, count: 8)
    return cmachine_read_vector(registers, Int32(number), &lanes) == 0 ? lanes : nil
  }
}

extension InstructionStepper {
  /// What C calls back: a closure of the stack, which outlives the call.
  private struct Observer {
    let body: (InstructionState) -> Bool
  }

  /// Runs one call as `count` does, and shows each instruction before it is executed.
  ///
  /// - Parameters:
  ///   - function: What to call. It is called once unobserved before.
  ///   - argument: What to call it with.
  ///   - entry: Where observing begins and ends, as in `count`.
  ///   - body: Told of each instruction, repetitions of a string instruction included; returns false to give up.
  /// - Returns: Nothing, or why not all was seen.
  public func observe(
    _ function: Function, argument: UnsafeMutableRawPointer?, entry: UnsafeRawPointer? = nil,
    _ body: (InstructionState) -> Bool
  ) -> Availability<InstructionCount> {
    withoutActuallyEscaping(body) { body in
      var steps = cmachine_steps()
      withUnsafePointer(to: Observer(body: body)) { observer in
        cmachine_observe(
          function, argument, entry, UInt64(limit),
          { context, registers in
            guard let context, let registers else { return 0 }
            let observer = context.assumingMemoryBound(to: Observer.self)
            return observer.pointee.body(InstructionState(registers: registers)) ? 1 : 0
          }, UnsafeMutableRawPointer(mutating: observer), &steps)
      }
      return result(steps)
    }
  }
}
#endif
