// InstructionStepper.swift: exact instruction counts on a machine without counters.

internal import CMachine

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Counts the user instructions of a C function exactly, by single-stepping it in a child process.
///
/// It works on any Linux box that permits ptrace, virtual machines included, for every instruction set.
/// It costs about ten microseconds an instruction, and says nothing about time. The child is a fork
/// that runs nothing but the function, whose writes are therefore lost.
public struct InstructionStepper: Sendable {
  /// Instructions after which it gives up.
  public var limit: Int
  /// Whether it also counts how often each address was executed.
  public var recordsAddresses: Bool

  /// A function that the child can run: it must neither allocate nor run Swift.
  public typealias Function = @convention(c) (UnsafeMutableRawPointer?) -> Void

  /// Instructions that take about ten seconds.
  public static let defaultLimit = 1_000_000

  public init(limit: Int = defaultLimit, recordsAddresses: Bool = false) {
    precondition(limit > 0)
    self.limit = limit
    self.recordsAddresses = recordsAddresses
  }

  /// Counts one call.
  ///
  /// - Parameters:
  ///   - function: What to call. It is called once uncounted before, so that first-use work is over.
  ///   - argument: What to call it with, prepared beforehand.
  ///   - entry: Where counting begins and, on its return, ends: a function that `function` calls,
  ///     once or often; nil: `function` itself.
  /// - Returns: The count, or why there is none.
  public func count(
    _ function: Function, argument: UnsafeMutableRawPointer?, entry: UnsafeRawPointer? = nil
  ) -> Availability<InstructionCount> {
    var steps = cmachine_steps()
    cmachine_step(function, argument, entry, UInt64(limit), recordsAddresses ? 1 : 0, &steps)
    defer { cmachine_steps_free(&steps) }
    return result(steps)
  }

  /// Whether an instruction of this program's own processor reads memory.
  static func isLoad(_ instruction: UnsafeRawPointer) -> Bool {
    cmachine_is_load(instruction) != 0
  }

  /// What came of stepping.
  func result(_ steps: cmachine_steps) -> Availability<InstructionCount> {
    switch Int(steps.outcome) {
    case CMACHINE_STEPS_DONE: return .value(InstructionCount(steps))
    case CMACHINE_STEPS_LIMIT:
      return .unavailable(
        reason: "more than \(limit) instructions: take a smaller shape or raise the limit")
    case CMACHINE_STEPS_SIGNAL:
      return .unavailable(
        reason: "the single-stepped call raised \(String(cString: strsignal(steps.detail)))")
    default: return .unavailable(reason: Self.refusal(steps.detail))
    }
  }

  private static func refusal(_ code: Int32) -> String {
    let system = "single-stepping: \(String(cString: strerror(code)))"
    let yama = PtracePermission.read()
    if let reason = yama.reason { return "\(system); \(reason)" }
    return code == EPERM || code == EACCES
      ? "\(system); a container's seccomp profile or a debugger that traces this process forbids it"
      : system
  }
}

/// What single-stepping counted.
public struct InstructionCount: Sendable, Equatable {
  /// User instructions; a string instruction with a repeat prefix counts once, as in hardware.
  public let total: Int
  /// Those of them that read memory.
  public let loads: Int
  /// Repetitions of such string instructions after their first.
  public let repetitions: Int
  /// Instructions executed at each address, ascending; empty unless asked for.
  public let addresses: [(address: CodeAddress, count: Int)]

  fileprivate init(_ steps: cmachine_steps) {
    total = Int(steps.instructions)
    loads = Int(steps.loads)
    repetitions = Int(steps.repetitions)
    addresses = UnsafeBufferPointer(start: steps.addresses, count: steps.address_count).map {
      (CodeAddress($0.address), Int($0.count))
    }
  }

  public static func == (a: InstructionCount, b: InstructionCount) -> Bool {
    a.total == b.total && a.loads == b.loads && a.repetitions == b.repetitions
      && a.addresses.elementsEqual(b.addresses, by: ==)
  }
}

/// A place in a program or library, the same in every process that loads it.
public struct CodeAddress: Sendable, Hashable {
  /// The file that the code was loaded from; nil for code in no file.
  public let module: String?
  /// Bytes from the begin of the loaded file: the address that a disassembler prints.
  public let offset: UInt64
  /// Where the code lies in this process.
  public let address: UInt64

  /// Where the code of a function of this process lies.
  public init(of function: UnsafeRawPointer) {
    self.init(UInt64(UInt(bitPattern: function)))
  }

  /// Where an instruction lies.
  public init(_ address: UInt64) {
    var path: UnsafePointer<CChar>?
    var base: UInt64 = 0
    self.address = address
    if cmachine_locate(address, &path, &base) != 0, let path {
      module = String(cString: path)
      offset = address - base
    } else {
      module = nil
      offset = address
    }
  }
}
