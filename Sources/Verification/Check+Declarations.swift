public import MPGEMM

extension Check {
  /// The first of a kernel's declarations that its functions contradict, nil if none.
  ///
  /// It looks at bits per weight and at operation counts; both follow from shapes alone.
  public static func firstFalseDeclaration(of kernel: Kernel) -> Mismatch? {
    guard let deviation = bitsPerWeight(of: kernel) ?? counts(of: kernel) else { return nil }
    // A declaration is false whatever is multiplied, so the smallest shape repeats the check.
    return Mismatch(
      kernel: kernel, shape: Shape(outFeatures: 1, tokens: 1, inFeatures: 1), pattern: .random,
      seed: 0, deviation: deviation)
  }

  /// A multiple of every block of the field: 2¹⁰ · 45 has 256 and 3 · 64 as divisors, and 5.
  private static let wholeBlocks = 1024 * 45

  private static func bitsPerWeight(of kernel: Kernel) -> Deviation? {
    let shape = Shape(outFeatures: 9216, tokens: 1, inFeatures: wholeBlocks)
    let bytes = kernel.packedSize(outFeatures: shape.outFeatures, inFeatures: shape.inFeatures)
    let measured = 8 * Double(bytes) / Double(shape.outFeatures * shape.inFeatures)
    // Closer than this, a layout may keep a few bytes a row or a matrix, and Float rounds.
    guard abs(measured / kernel.bitsPerWeight - 1) > 1e-4 else { return nil }
    return Deviation(
      .bitsPerWeight, got: "\(measured) for \(shape)", wanted: kernel.bitsPerWeight)
  }

  private static func counts(of kernel: Kernel) -> Deviation? {
    let base = Shape(outFeatures: 768, tokens: 2, inFeatures: 3840)
    var more = [base, base, base, base]
    more[1].outFeatures *= 2
    more[2].tokens *= 4
    more[3].inFeatures *= 2
    let totals = more.map { Totals(kernel, $0) }
    for (shape, total) in zip(more, totals) {
      if let deviation = total.deviation(of: kernel, shape)
        ?? total.decrease(from: totals[0], wanted: "for \(shape) no less than for \(base)")
      {
        return deviation
      }
    }
    return nil
  }
}

/// What a kernel declares to execute and to move for a shape, prepare and compute together.
private struct Totals {
  let operations: Int
  let bytes: Int
  let prepare: OperationCounts
  let compute: OperationCounts

  init(_ kernel: Kernel, _ shape: Shape) {
    (prepare, compute) = kernel.count(shape)
    operations = prepare.operations + compute.operations
    bytes = prepare.bytes + compute.bytes
  }

  /// What the shape alone demands: each operand is read, and each output written, at least once.
  func deviation(of kernel: Kernel, _ shape: Shape) -> Deviation? {
    let packed = kernel.packedSize(outFeatures: shape.outFeatures, inFeatures: shape.inFeatures)
    let outputs = 4 * shape.outFeatures * shape.tokens
    let inputs = (kernel.activation == .float32 ? 4 : 1) * shape.tokens * shape.inFeatures
    let demands = [
      ("weight bytes", compute.weightBytes, packed),
      ("output bytes", compute.outputBytes, outputs),
      ("input bytes", prepare.inputBytes + compute.inputBytes, inputs),
      ("prepared bytes written", prepare.preparedBytes, kernel.plan(shape).preparedBytes),
      ("prepared bytes read", compute.preparedBytes, kernel.plan(shape).preparedBytes),
      ("operations", compute.operations, 1),
    ]
    for (what, got, least) in demands where got < least {
      return Deviation(.counts, got: "\(got) \(what) for \(shape)", wanted: "at least \(least)")
    }
    return nil
  }

  func decrease(from smaller: Totals, wanted: String) -> Deviation? {
    guard operations < smaller.operations || bytes < smaller.bytes else { return nil }
    return Deviation(
      .counts, got: "\(operations) operations and \(bytes) bytes", wanted: wanted)
  }
}

extension OperationCounts {
  fileprivate var operations: Int {
    let integer = additionsInt8 + additionsInt16 + additionsInt32 + multipliesInt8
    let float =
      additionsFloat16 + multipliesFloat16 + additionsFloat32 + multipliesFloat32
    return integer + float + bitOperations + lookups + conversions
  }

  fileprivate var bytes: Int {
    weightBytes + inputBytes + preparedBytes + scratchBytes + outputBytes
  }
}
