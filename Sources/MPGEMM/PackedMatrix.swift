internal import Synchronization

/// Weights in one layout, in one or more copies that follow each other in memory.
///
/// Several copies make a pool that a benchmark rotates through, so that weights come from memory.
public final class PackedMatrix: Sendable {
  /// The layout's identifier: any kernel of that layout can compute with these bytes.
  public let layout: String
  public let outFeatures: Int
  public let inFeatures: Int
  /// The bytes of one copy, padding included.
  public let packedBytes: Int
  /// How many copies there are.
  public let copies: Int
  /// The bytes from one copy to the next.
  public let stride: Int
  /// One scale for the tensor, or one a row.
  public let scales: [Float]

  let storage: Buffer
  let scaleStorage: Buffer

  /// Packs weights for a kernel.
  ///
  /// - Parameters:
  ///   - weights: M × K weights.
  ///   - kernel: Any kernel of the layout that is wanted.
  ///   - scales: One scale for the tensor, or one a row.
  ///   - copies: How many copies to keep; each begins at a cache line of its own.
  ///   - placement: How the memory is had.
  ///   - willWrite: Called with where the copies lie, before anything is written there.
  public init(
    packing weights: TernaryMatrix, for kernel: Kernel, scales: [Float] = [1], copies: Int = 1,
    placement: Buffer.Placement = .ordinary, willWrite: (Range<UInt>) -> Void = { _ in }
  ) {
    precondition(copies >= 1 && (scales.count == 1 || scales.count == weights.outFeatures))
    layout = kernel.layout
    outFeatures = weights.outFeatures
    inFeatures = weights.inFeatures
    packedBytes = kernel.packedSize(outFeatures: outFeatures, inFeatures: inFeatures)
    self.copies = copies
    let alignment = max(kernel.packedAlignment, Buffer.alignment)
    stride = copies == 1 ? packedBytes : (packedBytes + alignment - 1) / alignment * alignment
    storage = Buffer(
      count: copies == 1 ? packedBytes : stride * copies, placement: placement,
      alignment: copies == 1 ? kernel.packedAlignment : alignment)
    willWrite(Self.addressRange(of: storage))
    kernel.pack(weights, into: storage)
    for copy in 1..<max(copies, 1) {
      storage.repeatStart(count: packedBytes, at: copy * stride)
    }
    self.scales = scales
    scaleStorage = Buffer(count: scales.count * MemoryLayout<Float>.stride)
    scaleStorage.store(scales)
  }

  /// Packs the first copy once more, in place.
  public func pack(_ weights: TernaryMatrix, for kernel: Kernel) {
    precondition(kernel.layout == layout, "a kernel of another layout")
    precondition(weights.outFeatures == outFeatures && weights.inFeatures == inFeatures)
    kernel.pack(weights, into: storage)
  }

  /// The packed bytes of one copy.
  public var bytes: [UInt8] { storage.elements(of: UInt8.self, 0..<packedBytes) }

  /// Where the copies lie, for asking the operating system about their pages.
  public var addressRange: Range<UInt> { Self.addressRange(of: storage) }

  private static func addressRange(of buffer: Buffer) -> Range<UInt> {
    let start = UInt(bitPattern: buffer.address)
    return start..<start + UInt(buffer.count)
  }

  /// Reads every byte of one copy with a bandwidth probe, cut evenly over a pool's threads.
  ///
  /// - Returns: A sum that depends on each byte, so that no read can be left out.
  public func read(
    copy: Int, with probe: ReadProbe, prefetchDistance: Int, threads pool: ThreadPool
  ) -> UInt64 {
    precondition((0..<copies).contains(copy))
    let sum = Atomic<UInt64>(0)
    let lines = (packedBytes + Buffer.alignment - 1) / Buffer.alignment
    pool.run { [storage, stride, packedBytes] thread in
      let begin = lines * thread / pool.threads * Buffer.alignment
      let end = min(lines * (thread + 1) / pool.threads * Buffer.alignment, packedBytes)
      let part = probe.read(
        storage, offset: copy * stride + begin, count: end - begin,
        prefetchDistance: prefetchDistance)
      sum.wrappingAdd(part, ordering: .relaxed)
    }
    return sum.load(ordering: .relaxed)
  }
}
