import MPGEMM
import Machine

#if canImport(Glibc)
import Glibc
#endif

#if arch(x86_64) && os(Linux)
/// Counts what a kernel's machine code executes: single-stepped instructions times their lanes, and the bytes that
/// their operands in memory take from each buffer.
struct InstructionCensus {
  let kernel: Kernel
  let shape: Shape
  private let table: OpcodeTable

  init(_ kernel: Kernel, _ shape: Shape, table: OpcodeTable) {
    self.kernel = kernel
    self.shape = shape
    self.table = table
  }

  /// Why a kernel could not be counted.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The operations and bytes of one prepare and of one whole compute.
  func executed() throws -> (prepare: OperationCounts, compute: OperationCounts) {
    var random = SplitMix64(seed: 1)
    let (m, k) = (shape.outFeatures, shape.inFeatures)
    let weights = PackedMatrix(
      packing: TernaryMatrix(outFeatures: m, inFeatures: k, zeroDensity: 0.3, seed: 1), for: kernel,
      scales: (0..<m).map { _ in Float(random.unit()) })
    let multiplication = Multiplication(
      kernel, shape: shape,
      activations: (0..<shape.tokens * k).map { _ in Float(random.normal()) },
      pool: ThreadPool(threads: 1), floatScales: (0..<shape.tokens).map { Float($0 + 1) / 2 })
    multiplication.quantize()
    multiplication.prepare()
    multiplication.compute(weights)
    let prepare = try multiplication.withCall(of: .prepare, weights) { try counts(of: $0) }
    let compute = try multiplication.withCall(of: .compute, weights) { try counts(of: $0) }
    return (prepare ?? OperationCounts(), compute ?? OperationCounts())
  }

  private func counts(of call: StageCall) throws -> OperationCounts {
    var counter = InstructionCounter(call, table)
    let seen = InstructionStepper(limit: 20_000_000).observe(
      call.function, argument: call.argument, entry: call.entry
    ) { counter.count($0) }
    if let failure = counter.failure {
      throw Failure(description: "\(kernel.name) \(shape): \(failure)")
    }
    guard seen.value != nil else {
      throw Failure(description: "\(kernel.name) \(shape): \(seen.reason ?? "")")
    }
    return counter.counts
  }
}

/// Adds up one instruction after another of one call.
private struct InstructionCounter {
  private(set) var counts = OperationCounts()
  private(set) var failure: String?
  private let call: StageCall
  private let table: OpcodeTable
  private let program: String?
  private var instructions: [UInt64: Instruction] = [:]
  private var isInLibrary = false
  private var flow: DataFlow

  /// What one execution of the instruction at an address does.
  private enum Instruction {
    case own(operations: OperationCounts, access: MemoryAccess?, Encoding, isVector: Bool)
    /// Of the C library: its functions are taken as a whole.
    case library
  }

  init(_ call: StageCall, _ table: OpcodeTable) {
    self.call = call
    self.table = table
    program = CodeAddress(of: call.entry).module
    flow = DataFlow(buffers: call.streams.map(\.addresses) + call.scalesAndSums)
  }

  /// Returns false where it does not know what to count.
  mutating func count(_ state: InstructionState) -> Bool {
    do {
      let instruction = try instruction(at: state.address)
      switch instruction {
      case .library:
        if !isInLibrary { try countMoved(by: state) }
        isInLibrary = true
      case .own(let operations, let access, let encoding, let isVector):
        isInLibrary = false
        counts += operations
        let address = access.map { $0.place.address { state.register($0) } }
        if isVector {
          flow.followVector(encoding, memory: address, bytes: access?.bytes ?? 0)
        } else if flow.follow(encoding, memory: address) {
          counts.additionsInt32 += 1
        }
        if let access, let address {
          guard let bytes = access.bytes(in: state) else {
            throw Problem(text: "no masks are to be had, or a tile's rows lie apart")
          }
          add(bytes, at: address)
        }
      }
      return true
    } catch {
      failure = "\(error)"
      return false
    }
  }

  private struct Problem: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
  }

  private mutating func instruction(at address: UInt64) throws -> Instruction {
    if let known = instructions[address] { return known }
    let place = CodeAddress(address)
    var instruction = Instruction.library
    if place.module == program, let code = UnsafeRawPointer(bitPattern: UInt(address)) {
      var operations = OperationCounts(), isVector = false
      do {
        switch DecodedInstruction(code) {
        case .other: break
        case .scalarPopulation: operations.bitOperations += 1
        case .vector(let vector):
          isVector = true
          guard table.add(vector, times: 1, to: &operations) else {
            throw MemoryAccess.Unknown(Encoding(code))
          }
        }
        instruction = .own(
          operations: operations, access: try MemoryAccess(code, table), Encoding(code),
          isVector: isVector)
      } catch {
        let bytes = (0..<8).map { String(code.load(fromByteOffset: $0, as: UInt8.self), radix: 16) }
        throw Problem(
          text: "nothing says what \(bytes.joined(separator: " ")) at \(place.offset) of the "
            + "program counts: \(error)")
      }
    }
    instructions[address] = instruction
    return instruction
  }

  /// What the C library moves, by the arguments it is called with.
  private mutating func countMoved(by state: InstructionState) throws {
    let (to, from, bytes) = (state.register(7), state.register(6), Int(state.register(2)))
    switch state.address {
    case Self.address(of: "memcpy"), Self.address(of: "memmove"):
      add(bytes, at: UInt(from))
      add(bytes, at: UInt(to))
    case Self.address(of: "memset"):
      add(bytes, at: UInt(to))
    default:
      throw Problem(text: "calls a library function that nothing says the bytes of")
    }
  }

  private static func address(of function: String) -> UInt64 {
    UInt64(UInt(bitPattern: dlsym(nil, function)))
  }

  /// Adds bytes to the buffer that they lie in; elsewhere lie the stack, scales and constants.
  private mutating func add(_ bytes: Int, at address: UInt) {
    for (stream, addresses) in call.streams where addresses.contains(address) {
      counts[keyPath: stream] += bytes
    }
  }
}
#endif
