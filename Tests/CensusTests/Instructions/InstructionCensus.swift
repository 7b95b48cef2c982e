import MPGEMM
import Machine

/// Counts what a kernel's machine code executes: single-stepped instructions times their lanes.
///
/// Only code of this program is counted; what the C library does for it (memcpy, memset) moves bytes.
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

  /// The operations of one prepare and of one whole compute, bytes excepted.
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
    let prepare = try multiplication.withCall(of: .prepare, weights) { try operations(of: $0) }
    let compute = try multiplication.withCall(of: .compute, weights) { try operations(of: $0) }
    return (prepare ?? OperationCounts(), compute ?? OperationCounts())
  }

  private func operations(of call: StageCall) throws -> OperationCounts {
    let stepper = InstructionStepper(limit: 20_000_000, recordsAddresses: true)
    let steps = stepper.count(call.function, argument: call.argument, entry: call.entry)
    guard let steps = steps.value else {
      throw Failure(description: "\(kernel.name) \(shape): \(steps.reason ?? "")")
    }
    let entry = UInt64(UInt(bitPattern: call.entry))
    let program = steps.addresses.first { $0.address.address == entry }?.address.module
    var total = OperationCounts()
    for (place, count) in steps.addresses where place.module == program {
      guard let code = UnsafeRawPointer(bitPattern: UInt(place.address)) else { continue }
      switch DecodedInstruction(code) {
      case .other: continue
      case .scalarPopulation: total.bitOperations += count
      case .vector(let instruction):
        guard table.add(instruction, times: count, to: &total) else {
          let bytes = (0..<8).map {
            String(code.load(fromByteOffset: $0, as: UInt8.self), radix: 16)
          }
          throw Failure(
            description: "\(kernel.name): no entry in opcodes.csv for \(instruction), bytes "
              + "\(bytes.joined(separator: " ")) at \(place.offset) of the program")
        }
      }
    }
    return total
  }
}
