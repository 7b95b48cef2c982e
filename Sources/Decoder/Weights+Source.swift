internal import MPGEMM
internal import Models

extension Weights {
  /// Reads all weights of a source, each matrix where it lies or packed for a kernel.
  ///
  /// - Parameters:
  ///   - source: Where they come from.
  ///   - kernel: Whose layout is wanted.
  ///   - kind: How embedding and head are kept; nil: as the source has them.
  ///   - count: How many layers are read; nil: all.
  ///   - mapsWeights: Whether matrices that lie in the kernel's layout stay where they are.
  ///   - loading: Raised by what was packed and mapped, and how long that took.
  /// - Throws: `ModelFileError`.
  init(
    _ source: some WeightSource, for kernel: any KernelChoice, head kind: HeadMatrix.Kind?,
    layers count: Int? = nil, mapsWeights: Bool = true, loading: inout Loading
  ) throws(ModelFileError) {
    let c = source.configuration
    var loaded = loading
    func norm(_ norm: LayerNorm, _ layer: Int) throws(ModelFileError) -> Norm {
      Norm(try source.norm(norm, layer: layer))
    }
    func matrix(_ matrix: LayerMatrix, _ layer: Int) throws(ModelFileError) -> PackedMatrix {
      let kernel = kernel.kernel(for: c.step(matrix.part), tokens: 1)
      let start = Stopwatch.now()
      if mapsWeights, let mapped = try source.mapped(matrix, layer: layer, for: kernel) {
        loaded.addMapped(mapped, seconds: Stopwatch.now() - start)
        return mapped
      }
      let weights = try source.matrix(matrix, layer: layer)
      let unpacked = Stopwatch.now()
      let packed = PackedMatrix(
        packing: TernaryMatrix(
          outFeatures: weights.outFeatures, inFeatures: weights.inFeatures, values: weights.values),
        for: kernel, scales: weights.scales,
        placement: .forWeights(
          kernel.packedSize(outFeatures: weights.outFeatures, inFeatures: weights.inFeatures)))
      loaded.addPacked(
        packed, unpackSeconds: unpacked - start, packSeconds: Stopwatch.now() - unpacked)
      return packed
    }
    var layers: [Layer] = []
    for l in 0..<(count ?? c.layers) {
      layers.append(
        Layer(
          attentionNorm: try norm(.attention, l), q: try matrix(.q, l), k: try matrix(.k, l),
          v: try matrix(.v, l), attentionSubNorm: c.hasSubNorms ? try norm(.attentionSub, l) : nil,
          o: try matrix(.o, l), ffnNorm: try norm(.ffn, l), gate: try matrix(.gate, l),
          up: try matrix(.up, l), ffnSubNorm: c.hasSubNorms ? try norm(.ffnSub, l) : nil,
          down: try matrix(.down, l)))
    }
    let embedding = HeadMatrix(try source.embedding(), kind, configuration: c)
    self.init(
      embedding: embedding, layers: layers, outputNorm: Norm(try source.outputNorm()),
      head: source.isTied
        ? embedding : HeadMatrix(try source.head(), kind, configuration: c))
    loading = loaded
  }
}

extension HeadMatrix {
  /// Keeps values as asked for, or in their own width.
  fileprivate convenience init(
    _ values: FloatValues, _ kind: Kind?, configuration c: Configuration
  ) {
    let own: Kind =
      switch values {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      case .q6k: .q6k
      }
    self.init(kind ?? own, rows: c.vocabulary, width: c.hidden, values: values)
  }
}
