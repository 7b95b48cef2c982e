internal import MPGEMM
internal import Machine

/// The packed weights of one layout: enough copies that rotating through them leaves no cache warm.
final class WeightPool {
  let packed: PackedMatrix
  let report: PoolReport
  private var next = 0

  /// The pool's least size: above any cache that a few cores share.
  static let leastBytes = 512 << 20
  /// What caps a pool on machines that report an absurd last-level cache.
  static let mostBytes = 1 << 30

  /// What a sweep without cold cases fills: enough for huge pages, which cold cases get too.
  static let hotBytes = 32 << 20

  /// max(512 MiB, min(2 × last-level cache, 1 GiB)).
  static func coldBytes(lastLevelCache: Int?) -> Int {
    max(leastBytes, min(2 * (lastLevelCache ?? 0), mostBytes))
  }

  /// Packs a matrix for a kernel's layout, and copies it until the pool is full.
  init(
    packing weights: TernaryMatrix, for kernel: Kernel, poolBytes: Int, memory: PoolMemory
  ) {
    let bytes = kernel.packedSize(
      outFeatures: weights.outFeatures, inFeatures: weights.inFeatures)
    var refusal: String?
    packed = PackedMatrix(
      packing: weights, for: kernel, copies: max(1, (poolBytes + bytes - 1) / bytes),
      replicas: memory.replicas, placement: .huge,
      willWrite: { refusal = memory.order($0, replica: $1) ?? refusal })
    // Timed on memory that is already there, so that page faults are not taken for packing.
    let start = Clock.now()
    packed.pack(weights, for: kernel)
    let packSeconds = Clock.now() - start
    report = PoolReport(
      packSeconds: packSeconds, packedBytes: packed.packedBytes,
      bytes: packed.addressRange.count, pageSize: Self.pages(of: packed.addressRange),
      memory: memory.report(packed.addressRange, refusal: refusal))
  }

  /// What pages were asked for and what was obtained.
  static func pages(of memory: Range<UInt>) -> String {
    let obtained =
      switch PageKind.read(address: memory.lowerBound, byteCount: memory.count) {
      case .value(let kind): "\(kind)"
      case .unavailable(let reason): "unknown: \(reason)"
      }
    return "asked huge got \(obtained)"
  }

  /// The copy whose turn it is: always the first when hot, else the next of the rotation.
  func takeCopy(hot: Bool) -> Int {
    guard !hot else { return 0 }
    next = (next + 1) % packed.copies
    return next
  }
}
