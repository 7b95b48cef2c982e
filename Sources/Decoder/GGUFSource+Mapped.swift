internal import MPGEMM
internal import Models

extension GGUFSource {
  /// The matrix where it lies in the file, if that holds what the kernel reads, checked as a copy would be.
  ///
  /// I2_S and TQ blocks are layouts of kernels where rows are whole blocks. Rows that are to be put in
  /// another order must be packed, and so must bytes that lie off the kernel's alignment.
  func mapped(_ matrix: LayerMatrix, layer: Int, for kernel: Kernel) throws(ModelFileError)
    -> PackedMatrix?
  {
    let (outFeatures, inFeatures) = matrix.shape(configuration)
    let tensor = try file.requiredTensor("\(GGUFName.of(matrix, layer: layer)).weight")
    try tensor.require([inFeatures, outFeatures])
    guard tensor.layout(i2sBlock: i2sBlock) == kernel.layout,
      !reordersRows(of: matrix),
      tensor.byteCount - tensor.type.trailingBytes
        == kernel.packedSize(outFeatures: outFeatures, inFeatures: inFeatures),
      tensor.lies(on: kernel.packedAlignment)
    else { return nil }
    let scales = try tensor.ternaryScales(i2sBlock: i2sBlock)
    let beside = try scale(beside: GGUFName.of(matrix, layer: layer)) ?? 1
    let bytes = tensor.withPlace { bytes, owner in
      Buffer(
        borrowing: UnsafeRawBufferPointer(
          rebasing: bytes[..<(bytes.count - tensor.type.trailingBytes)]), of: owner)
    }
    return PackedMatrix(
      borrowing: bytes, for: kernel, outFeatures: outFeatures, inFeatures: inFeatures,
      // TQ blocks have their scales within.
      scales: tensor.type == .i2s ? scales.map { $0 * beside } : [beside])
  }
}

extension GGUFTensor {
  /// The kernels' layout that the bytes are in; nil where there is none.
  ///
  /// Blocks of I2_S run over the whole tensor: where rows are not whole blocks, its size is not a kernel's.
  fileprivate func layout(i2sBlock: I2SBlock) -> String? {
    switch type {
    case .i2s:
      i2sBlock == .x86 && dimensions[0].isMultiple(of: i2sBlock.rawValue) ? "i2s_128" : nil
    case .tq1: "tq1_0"
    case .tq2: "tq2_0"
    case .f32, .f16, .bf16, .q6K: nil
    }
  }

  fileprivate func lies(on alignment: Int) -> Bool {
    withPlace { bytes, _ in UInt(bitPattern: bytes.baseAddress).isMultiple(of: UInt(alignment)) }
  }
}
