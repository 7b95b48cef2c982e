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

  /// The bytes from one replica of all copies to the next.
  private let replicaStride: Int
  private let replicas: WeightReplicas

  let storage: Buffer
  let scaleStorage: Buffer

  /// Packs weights for a kernel.
  ///
  /// - Parameters:
  ///   - weights: M × K weights.
  ///   - kernel: Any kernel of the layout that is wanted.
  ///   - scales: One scale for the tensor, or one a row.
  ///   - copies: How many copies to keep; each begins at a cache line of its own.
  ///   - replicas: How often all copies are there, and which threads read which.
  ///   - placement: How the memory is had.
  ///   - willWrite: Called with where each replica lies, and its index, before anything is written there.
  public init(
    packing weights: TernaryMatrix, for kernel: Kernel, scales: [Float] = [1], copies: Int = 1,
    replicas: WeightReplicas = .one, placement: Buffer.Placement = .ordinary,
    willWrite: (Range<UInt>, Int) -> Void = { _, _ in }
  ) {
    precondition(copies >= 1 && (scales.count == 1 || scales.count == weights.outFeatures))
    layout = kernel.layout
    outFeatures = weights.outFeatures
    inFeatures = weights.inFeatures
    packedBytes = kernel.packedSize(outFeatures: outFeatures, inFeatures: inFeatures)
    self.copies = copies
    self.replicas = replicas
    let alignment = max(kernel.packedAlignment, Buffer.alignment)
    stride = copies == 1 ? packedBytes : (packedBytes + alignment - 1) / alignment * alignment
    let isAlone = copies == 1 && replicas.count == 1
    // A page belongs to one node, so that replicas share none.
    replicaStride =
      replicas.count == 1
      ? stride * copies : (stride * copies + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
    storage = Buffer(
      count: replicaStride * replicas.count, placement: placement,
      alignment: isAlone ? kernel.packedAlignment : alignment)
    let start = UInt(bitPattern: storage.address)
    for replica in 0..<replicas.count {
      let begin = start + UInt(replica * replicaStride)
      willWrite(begin..<begin + UInt(replicaStride), replica)
    }
    kernel.pack(weights, into: storage)
    for replica in 0..<replicas.count {
      for copy in 0..<copies where replica + copy > 0 {
        storage.repeatStart(count: packedBytes, at: replica * replicaStride + copy * stride)
      }
    }
    self.scales = scales
    scaleStorage = Buffer(count: scales.count * MemoryLayout<Float>.stride)
    scaleStorage.store(scales)
  }

  /// Takes bytes that lie in a kernel's layout already, such as a mapped file's: one copy, and nothing is written.
  ///
  /// They hold weights that the kernel could have packed: whoever gives them has checked that. A layout that
  /// holds scales is multiplied by its own and by these.
  ///
  /// - Parameters:
  ///   - bytes: As many as the shape packs to, on the kernel's alignment.
  ///   - kernel: Any kernel of the layout.
  ///   - outFeatures: M.
  ///   - inFeatures: K.
  ///   - scales: One scale for the tensor, or one a row.
  package init(
    borrowing bytes: Buffer, for kernel: Kernel, outFeatures: Int, inFeatures: Int,
    scales: [Float] = [1]
  ) {
    precondition(outFeatures >= 1 && inFeatures >= 1)
    precondition(scales.count == 1 || scales.count == outFeatures)
    precondition(
      bytes.count == kernel.packedSize(outFeatures: outFeatures, inFeatures: inFeatures),
      "bytes of another shape")
    precondition(
      UInt(bitPattern: bytes.address).isMultiple(of: UInt(kernel.packedAlignment)),
      "bytes that are not on the kernel's alignment")
    layout = kernel.layout
    self.outFeatures = outFeatures
    self.inFeatures = inFeatures
    packedBytes = bytes.count
    copies = 1
    stride = bytes.count
    replicas = .one
    replicaStride = bytes.count
    storage = bytes
    self.scales = scales
    scaleStorage = Buffer(count: scales.count * MemoryLayout<Float>.stride)
    scaleStorage.store(scales)
  }

  /// Whether the weights are another's memory, where they lay in the kernel's layout.
  public var isBorrowed: Bool { storage.isBorrowed }

  /// Packs the first copy once more, in place.
  public func pack(_ weights: TernaryMatrix, for kernel: Kernel) {
    precondition(kernel.layout == layout, "a kernel of another layout")
    precondition(weights.outFeatures == outFeatures && weights.inFeatures == inFeatures)
    precondition(!isBorrowed, "weights that are another's memory")
    kernel.pack(weights, into: storage)
  }

  /// The packed bytes of one copy.
  public var bytes: [UInt8] { storage.elements(of: UInt8.self, 0..<packedBytes) }

  /// Where the copies lie, for asking the operating system about their pages.
  public var addressRange: Range<UInt> {
    let start = UInt(bitPattern: storage.address)
    return start..<start + UInt(storage.count)
  }

  /// Of huge pages.
  private static let pageBytes = 2 << 20

  /// Where a thread finds a copy.
  func offset(copy: Int, thread: Int) -> Int {
    replicas.ofThread.isEmpty
      ? copy * stride
      : replicas.ofThread[thread % replicas.ofThread.count] * replicaStride + copy * stride
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
    pool.run { thread in
      let begin = lines * thread / pool.threads * Buffer.alignment
      let end = min(lines * (thread + 1) / pool.threads * Buffer.alignment, packedBytes)
      let part = probe.read(
        storage, offset: offset(copy: copy, thread: thread) + begin, count: end - begin,
        prefetchDistance: prefetchDistance)
      sum.wrappingAdd(part, ordering: .relaxed)
    }
    return sum.load(ordering: .relaxed)
  }
}

/// How often weights are in memory, for machines where some of it is nearer to some threads.
public struct WeightReplicas: Sendable {
  public let count: Int
  /// The replica that each thread of a pool reads, the first again behind the last; none: the first.
  public let ofThread: [Int]

  public static let one = WeightReplicas(count: 1, ofThread: [])

  public init(count: Int, ofThread: [Int]) {
    precondition(count >= 1 && ofThread.allSatisfy { (0..<count).contains($0) })
    self.count = count
    self.ofThread = ofThread
  }
}
