public import Energy
public import MPGEMM
public import Results

extension KernelCost {
  /// Prices one call of a kernel, by what it declares to execute and by its plan.
  ///
  /// Quantizing float activations is the host's work and not in it. Without `prepares` the call takes activations
  /// that another has prepared.
  ///
  /// - Throws: `EnergyError`, where the table has no such node or DRAM, or cannot price an operation.
  public init(
    _ kernel: Kernel, shape: Shape, cache: CacheRegime, node: String, dram: String? = nil,
    energies: OperationEnergies = .builtIn, prepares: Bool = true
  ) throws(EnergyError) {
    let (prepare, compute) = kernel.count(shape)
    var counts = KernelCounts(compute)
    if prepares { counts.add(KernelCounts(prepare), times: 1) }
    try self.init(
      kernel: kernel.name, macs: shape.multiplyAdds, counts: counts,
      buffers: KernelBuffers(kernel, shape), weights: cache == .hot ? .cache : .memory,
      node: node, dram: dram, energies: energies)
  }
}

extension KernelCounts {
  /// What a kernel declares, class by class and stream by stream.
  public init(_ counts: OperationCounts) {
    self.init()
    self[.addInt8] = counts.additionsInt8
    self[.addInt16] = counts.additionsInt16
    self[.addInt32] = counts.additionsInt32
    self[.multiplyInt8] = counts.multipliesInt8
    self[.addFloat16] = counts.additionsFloat16
    self[.multiplyFloat16] = counts.multipliesFloat16
    self[.addFloat32] = counts.additionsFloat32
    self[.multiplyFloat32] = counts.multipliesFloat32
    self[.bitOperation] = counts.bitOperations
    self[.lookup] = counts.lookups
    self[.conversion] = counts.conversions
    self[.weights] = counts.weightBytes
    self[.input] = counts.inputBytes
    self[.prepared] = counts.preparedBytes
    self[.scratch] = counts.scratchBytes
    self[.output] = counts.outputBytes
  }
}

extension KernelBuffers {
  fileprivate init(_ kernel: Kernel, _ shape: Shape) {
    let plan = kernel.plan(shape)
    let (m, n, k) = (shape.outFeatures, shape.tokens, shape.inFeatures)
    self.init(
      packedBytes: kernel.packedSize(outFeatures: m, inFeatures: k),
      tileWeightBytes: kernel.packedSize(outFeatures: min(m, plan.bestRows), inFeatures: k),
      weightPasses: (n + plan.bestTokens - 1) / plan.bestTokens,
      inputBytes: n * k * (kernel.activation == .float32 ? 4 : 1),
      preparedBytes: plan.preparedBytes, scratchBytes: plan.scratchBytes, outputBytes: m * n * 4)
  }
}
