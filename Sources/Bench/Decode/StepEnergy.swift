internal import Decoder
internal import Energy
internal import MPGEMM
internal import Results

/// The modelled energy of one decoding step: what its kernels count, and the head's and attention's products.
///
/// Weights, head, keys and values come from main memory once. Norms, activations, softmax and quantizing are
/// not in it: they are a thousandth of the products.
struct StepEnergy {
  let joules: ClosedRange<Double>
  let source: String

  /// Models a step of `batch` tokens behind so many positions each.
  ///
  /// - Parameters:
  ///   - transformer: Whose step.
  ///   - batch: Tokens of the step.
  ///   - positions: What each token attends to.
  ///   - memoryBytes: The bytes of keys and values of all of them.
  /// - Throws: `EnergyError` or `NoFigure`.
  init(_ transformer: Transformer, batch: Int, positions: Int, memoryBytes: Int) throws {
    let c = transformer.configuration
    let node = OperationEnergies.papersNode
    var parts: [KernelCost] = []
    for step in c.linearSteps {
      let kernel = transformer.kernel.kernel(for: step, tokens: batch)
      for (index, outFeatures) in step.outFeatures.enumerated() {
        parts.append(
          try KernelCost(
            kernel,
            shape: Shape(outFeatures: outFeatures, tokens: batch, inFeatures: step.inFeatures),
            cache: .cold, node: node, prepares: index == 0
          ).times(c.layers))
      }
    }
    let head = transformer.weights.head
    parts.append(
      try Self.products(
        "head", batch * c.vocabulary * c.hidden, bytes: head.byteCount,
        converted: head.kind == .f32 ? 0 : c.vocabulary * c.hidden, node: node))
    parts.append(
      try Self.products(
        "attention", 2 * batch * positions * c.attention * c.layers, bytes: memoryBytes,
        converted: transformer.limits.memory == .f32
          ? 0 : 2 * batch * positions * c.keysOrValues * c.layers, node: node))
    let each = try parts.map { try $0.totalJoules.get() }
    joules =
      each.reduce(0) { $0 + $1.lowerBound }...each.reduce(0) { $0 + $1.upperBound }
    source =
      "modelled: counted operations and bytes of the linear layers, float32 products of head and attention, "
      + "\(parts[0].dram?.name ?? "no DRAM") at \(node); \(parts[0].origin) operation energies"
  }

  /// Multiply-adds in float32 with values that come from memory.
  private static func products(
    _ name: String, _ macs: Int, bytes: Int, converted: Int, node: String
  ) throws(EnergyError) -> KernelCost {
    var counts = KernelCounts()
    counts[.addFloat32] = macs
    counts[.multiplyFloat32] = macs
    counts[.conversion] = converted
    counts[.weights] = bytes
    return try KernelCost(
      kernel: name, macs: macs, counts: counts,
      buffers: KernelBuffers(
        packedBytes: bytes, tileWeightBytes: 0, weightPasses: 1, inputBytes: 0, preparedBytes: 0,
        scratchBytes: 0, outputBytes: 0), weights: .memory, node: node)
  }
}
