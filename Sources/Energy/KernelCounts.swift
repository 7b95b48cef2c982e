/// What a kernel executes and moves, in one prepare or one compute: scalar operations and bytes, padding included.
///
/// Plain numbers, so that this module knows no kernel; whoever has one fills them in from its declared counts.
public struct KernelCounts: Sendable, Equatable {
  /// The classes of operation, named as in the kernels' contract.
  public enum Operation: String, Sendable, CaseIterable {
    case addInt8 = "add_i8"
    case addInt16 = "add_i16"
    case addInt32 = "add_i32"
    case multiplyInt8 = "mul_i8"
    case addFloat16 = "add_f16"
    case multiplyFloat16 = "mul_f16"
    case addFloat32 = "add_f32"
    case multiplyFloat32 = "mul_f32"
    case bitOperation = "bitop"
    case lookup
    case conversion = "convert"
  }

  /// The streams of bytes, named as in the kernels' contract.
  public enum Stream: String, Sendable, CaseIterable {
    case weights = "weight_bytes"
    case input = "input_bytes"
    case prepared = "prepared_bytes"
    case scratch = "scratch_bytes"
    case output = "output_bytes"
  }

  /// The bits of the widest bit operation that was counted, at most 64.
  ///
  /// The contract counts a mask of a byte and a population count of a word as one operation each: without
  /// knowing better, it is the word.
  public var bitOperationBits = 64

  private var operations: [Operation: Int] = [:]
  private var bytes: [Stream: Int] = [:]

  public init() {}

  public subscript(operation: Operation) -> Int {
    get { operations[operation] ?? 0 }
    set { operations[operation] = newValue }
  }

  /// Adds what several such calls execute and move.
  public mutating func add(_ other: KernelCounts, times: Int) {
    bitOperationBits = max(bitOperationBits, other.bitOperationBits)
    operations.merge(other.operations.mapValues { times * $0 }) { $0 + $1 }
    bytes.merge(other.bytes.mapValues { times * $0 }) { $0 + $1 }
  }

  /// Bytes of a stream.
  public subscript(stream: Stream) -> Int {
    get { bytes[stream] ?? 0 }
    set { bytes[stream] = newValue }
  }
}
