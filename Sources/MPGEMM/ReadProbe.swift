internal import CKernels

/// A function that reads memory as fast as it can: the ceiling of what streams packed weights.
public struct ReadProbe: Sendable {
  /// Its instruction set and way of reading, for example `portable` or `avx2_2streams`.
  public let name: String
  public let requiredISA: ISA
  private let function: @convention(c) (UnsafeRawPointer?, Int, Int) -> UInt64

  /// Every probe of this build.
  public static let all: [ReadProbe] = {
    var list: [ReadProbe] = []
    var next = mpgemm_read_probes()
    while let entry = next, let probe = entry.pointee {
      if let name = probe.pointee.name, let function = probe.pointee.read {
        list.append(
          ReadProbe(
            name: String(cString: name), requiredISA: ISA(rawValue: probe.pointee.isa),
            function: function))
      }
      next = entry + 1
    }
    return list
  }()

  /// The probes that this CPU can run.
  public static let runnable = all.filter { ISA.current.isSuperset(of: $0.requiredISA) }

  /// Reads `count` bytes of a buffer once.
  ///
  /// - Parameters:
  ///   - buffer: What is read, from a cache line's begin.
  ///   - offset: Where it starts.
  ///   - count: How many bytes.
  ///   - prefetchDistance: Bytes to fetch ahead; 0 leaves that to the hardware.
  /// - Returns: The sum of its 64-bit words, so that no read can be left out.
  public func read(_ buffer: Buffer, offset: Int, count: Int, prefetchDistance: Int) -> UInt64 {
    precondition(offset >= 0 && count >= 0 && offset + count <= buffer.count)
    return function(UnsafeRawPointer(buffer.address + offset), count, prefetchDistance)
  }
}
