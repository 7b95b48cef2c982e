internal import CKernels

/// A loop of one instruction that kernels stand on: how often a core can execute it is a ceiling.
public struct ThroughputProbe: Sendable {
  /// The instruction and its width, for example `vpmaddubsw_ymm`.
  public let name: String
  public let requiredISA: ISA
  /// The scalar operation that the instruction does many of; nil if kernels do not count it.
  public let operation: ScalarOperation?
  /// Scalar operations of one turn.
  public let operationsPerTurn: Int
  private let function: @convention(c) (Int) -> Void

  /// Every probe of this build.
  public static let all: [ThroughputProbe] = {
    var list: [ThroughputProbe] = []
    var next = mpgemm_throughput_probes()
    while let entry = next, let probe = entry.pointee?.pointee {
      if let name = probe.name, let operation = probe.operation, let function = probe.run {
        list.append(
          ThroughputProbe(
            name: String(cString: name), requiredISA: ISA(rawValue: probe.isa),
            operation: ScalarOperation(rawValue: String(cString: operation)),
            operationsPerTurn: Int(probe.operations), function: function))
      }
      next = entry + 1
    }
    return list
  }()

  /// The probes that this CPU can run.
  public static let runnable = all.filter { ISA.current.isSuperset(of: $0.requiredISA) }

  /// Executes the instruction on the calling thread.
  public func run(turns: Int) {
    precondition(turns >= 0)
    function(turns)
  }
}

extension Kernel {
  /// Whether the kernel may use the probe's instruction: AVX-512 brings the 32-byte instructions.
  public func mayExecute(_ probe: ThroughputProbe) -> Bool {
    let avx512 = ISA(rawValue: UInt64(MPGEMM_ISA_AVX512))
    let avx2 = ISA(rawValue: UInt64(MPGEMM_ISA_AVX2))
    let usable = requiredISA.isSuperset(of: avx512) ? requiredISA.union(avx2) : requiredISA
    return usable.isSuperset(of: probe.requiredISA)
  }
}

/// A scalar operation by its name in the contract (`mpgemm_ops`).
public enum ScalarOperation: String, Sendable, CaseIterable {
  case additionInt8 = "add_i8"
  case additionInt16 = "add_i16"
  case additionInt32 = "add_i32"
  case multiplyInt8 = "mul_i8"
  case additionFloat16 = "add_f16"
  case multiplyFloat16 = "mul_f16"
  case additionFloat32 = "add_f32"
  case multiplyFloat32 = "mul_f32"
  case bitOperation = "bitop"
  case lookup
  case conversion = "convert"
}

extension OperationCounts {
  /// How many of one operation there are.
  public subscript(operation: ScalarOperation) -> Int {
    switch operation {
    case .additionInt8: additionsInt8
    case .additionInt16: additionsInt16
    case .additionInt32: additionsInt32
    case .multiplyInt8: multipliesInt8
    case .additionFloat16: additionsFloat16
    case .multiplyFloat16: multipliesFloat16
    case .additionFloat32: additionsFloat32
    case .multiplyFloat32: multipliesFloat32
    case .bitOperation: bitOperations
    case .lookup: lookups
    case .conversion: conversions
    }
  }
}
