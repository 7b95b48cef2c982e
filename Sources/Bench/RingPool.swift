internal import Decoder
internal import MPGEMM
internal import Machine

/// The packed weights of a ring in one layout: every block at addresses of its own, as far as memory allows.
final class RingPool {
  let ring: Ring
  /// The matrices of each step; their copies are the blocks.
  let steps: [[PackedMatrix]]
  /// Blocks that lie apart in memory; where the model has more, these are used in rotation.
  let distinctLayers: Int
  let report: PoolReport

  /// Packs a block and copies it until there are all, or `mostBytes` are filled.
  ///
  /// - Parameters:
  ///   - weights: The block's matrices, in the order of the steps.
  ///   - ring: What they are of.
  ///   - kernel: Any kernel of the layout that is wanted.
  ///   - mostBytes: One block is packed whatever it takes.
  ///   - memory: Where the weights are to lie.
  init(
    packing weights: TargetWeights, of ring: Ring, for kernel: Kernel, mostBytes: Int,
    memory: PoolMemory
  ) {
    let blockBytes = ring.matrices.reduce(0) {
      $0 + kernel.packedSize(outFeatures: $1.outFeatures, inFeatures: $1.inFeatures)
    }
    let distinct = min(ring.layers, max(1, mostBytes / blockBytes))
    var refusals: [String?] = []
    let packed = weights.matrices.map { matrix in
      var refusal: String?
      defer { refusals.append(refusal) }
      return PackedMatrix(
        packing: matrix, for: kernel, copies: distinct, replicas: memory.replicas,
        placement: .huge, willWrite: { refusal = memory.order($0, replica: $1) ?? refusal })
    }
    // Timed on memory that is already there, so that page faults are not taken for packing.
    let start = Clock.now()
    for (matrix, packed) in zip(weights.matrices, packed) { packed.pack(matrix, for: kernel) }
    let blockSeconds = Clock.now() - start
    var rest = packed[...]
    steps = ring.steps.map { step in
      defer { rest = rest.dropFirst(step.outFeatures.count) }
      return Array(rest.prefix(step.outFeatures.count))
    }
    self.ring = ring
    distinctLayers = distinct
    let ranges = packed.map(\.addressRange)
    report = PoolReport(
      packSeconds: blockSeconds * Double(ring.layers),
      packedBytes: ring.layers * packed.reduce(0) { $0 + $1.packedBytes },
      bytes: packed.reduce(0) { $0 + $1.addressRange.count },
      pageSize: ranges.map(WeightPool.pages(of:)).uniqued().joined(separator: "; "),
      memory: zip(ranges, refusals).map { memory.report($0, refusal: $1) }.uniqued()
        .joined(separator: "; "), distinctLayers: distinct)
  }

  /// Which copies a layer of the model is.
  func copy(ofLayer layer: Int) -> Int { layer % distinctLayers }
}
