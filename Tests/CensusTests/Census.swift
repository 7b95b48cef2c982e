import MPGEMM

/// Runs a kernel and its twin on the same multiplication, and compares results and counts.
struct Census {
  let kernel: Kernel
  let shape: Shape
  private let problem: Problem
  private let input: KernelInput

  init(_ kernel: Kernel, _ shape: Shape, seed: UInt64 = 1) {
    self.kernel = kernel
    self.shape = shape
    let (m, n, k) = (shape.outFeatures, shape.tokens, shape.inFeatures)
    let weights = TernaryMatrix(outFeatures: m, inFeatures: k, zeroDensity: 0.3, seed: seed)
    var random = SplitMix64(seed: seed &+ 1)
    let values = (0..<n * k).map { _ in Float(random.normal()) + 0.01 }
    // Never 0, so that no largest entry is.
    let codes = (0..<n * k).map { _ in Int8(random.next() % 127) + 1 }
      .map { random.next() % 2 == 0 ? $0 : -$0 }
    let isFloat = kernel.activation == .float32
    let tokenScales = (0..<n).map { _ in isFloat ? 1 : Float(random.unit()) }
    let packed = Buffer(
      count: kernel.packedSize(outFeatures: m, inFeatures: k), alignment: kernel.packedAlignment)
    kernel.pack(weights, into: packed)
    problem = Problem(
      shape: shape, plan: kernel.plan(shape), packed: packed.elements(of: UInt8.self),
      values: values, codes: codes, tokenScales: tokenScales,
      tokenSums: (0..<n).map { t in codes[t * k..<t * k + k].reduce(0) { $0 + Int32($1) } },
      weightScales: (0..<m).map { _ in Float(random.unit()) })
    input =
      isFloat
      ? KernelInput(values: values.buffer, stride: k)
      : KernelInput(
        values: codes.buffer, stride: k, scales: tokenScales.buffer,
        sums: problem.tokenSums.buffer)
  }

  /// The first difference between kernel and twin, `nil` if there is none.
  ///
  /// The twin's counts are held against the kernel's, or against others that a test declares.
  func difference(
    from twin: any Twin,
    declared: (prepare: OperationCounts, compute: OperationCounts)? = nil
  ) -> String? {
    let declared = declared ?? kernel.count(shape)
    let (prepared, y) = execute()
    let computing = Tally()
    let (twinPrepared, preparation) = comparePrepared(twin, with: prepared, declared.prepare)
    if let preparation { return preparation }
    var twinY = [Float](repeating: .nan, count: y.count)
    let call = TwinCall(problem, prepared: twinPrepared, tally: computing)
    for tile in tiles { twin.compute(tile, of: call, into: &twinY) }
    if let at = y.indices.first(where: { y[$0].bitPattern != twinY[$0].bitPattern }) {
      return "output \(at) is \(twinY[at]), the kernel's \(y[at])"
    }
    return Self.difference("compute", computing.counts, declared.compute)
  }

  /// The same for the preparation alone: of a kernel that shares no more than that with the twin.
  func differenceOfPrepare(from twin: any Twin) -> String? {
    comparePrepared(twin, with: execute().prepared, kernel.count(shape).prepare).difference
  }

  private func comparePrepared(
    _ twin: any Twin, with prepared: [UInt8], _ declared: OperationCounts
  ) -> (prepared: [UInt8], difference: String?) {
    let tally = Tally()
    let twinPrepared = twin.prepare(problem, tally)
    let difference =
      Self.firstDifference(twinPrepared, prepared)
      ?? Self.difference("prepare", tally.counts, declared)
    return (twinPrepared, difference)
  }

  private static func firstDifference(_ twinPrepared: [UInt8], _ prepared: [UInt8]) -> String? {
    if let at = zip(twinPrepared, prepared).enumerated().first(where: { $1.0 != $1.1 })?.offset {
      return "byte \(at) of prepared is \(twinPrepared[at]), the kernel's \(prepared[at])"
    }
    guard twinPrepared.count == prepared.count else {
      return "prepared has \(twinPrepared.count) bytes, the kernel's \(prepared.count)"
    }
    return nil
  }

  /// One best tile after another, as `count` is declared.
  private var tiles: [Tile] {
    (0..<shape.tokens).steps(of: problem.plan.bestTokens).flatMap { tokens in
      (0..<shape.outFeatures).steps(of: problem.plan.bestRows).map {
        Tile(rows: $0, tokens: tokens)
      }
    }
  }

  private func execute() -> (prepared: [UInt8], y: [Float]) {
    let prepared = Buffer(count: problem.plan.preparedBytes)
    let range = PrepareRange(tokens: 0..<shape.tokens, inputs: 0..<shape.inFeatures)
    kernel.prepare(range, of: input, shape: shape, into: prepared)
    let output = Buffer(count: shape.outFeatures * shape.tokens * 4)
    let packed = Buffer(count: problem.packed.count, alignment: kernel.packedAlignment)
    packed.store(problem.packed)
    let call = KernelCall(
      shape: shape, packed: packed, prepared: prepared, input: input,
      weightScales: problem.weightScales.buffer, scalesPerRow: true, output: output,
      outputStride: shape.outFeatures)
    let scratch = Buffer(count: problem.plan.scratchBytes)
    for tile in tiles { kernel.compute(tile, of: call, scratch: scratch) }
    return (prepared.elements(of: UInt8.self), output.elements(of: Float.self))
  }

  private static func difference(
    _ stage: String, _ executed: OperationCounts, _ declared: OperationCounts
  ) -> String? {
    OperationCounts.classes.compactMap { name, count in
      executed[keyPath: count] == declared[keyPath: count]
        ? nil
        : "\(stage) executes \(executed[keyPath: count]) \(name), "
          + "declares \(declared[keyPath: count])"
    }.first
  }
}

extension OperationCounts {
  /// Every class and stream, by the contract's names.
  static var classes: [(name: String, count: WritableKeyPath<OperationCounts, Int>)] {
    [
      ("add_i8", \.additionsInt8), ("add_i16", \.additionsInt16), ("add_i32", \.additionsInt32),
      ("mul_i8", \.multipliesInt8), ("add_f16", \.additionsFloat16),
      ("mul_f16", \.multipliesFloat16), ("add_f32", \.additionsFloat32),
      ("mul_f32", \.multipliesFloat32), ("bitop", \.bitOperations), ("lookup", \.lookups),
      ("convert", \.conversions), ("weight_bytes", \.weightBytes), ("input_bytes", \.inputBytes),
      ("prepared_bytes", \.preparedBytes), ("scratch_bytes", \.scratchBytes),
      ("output_bytes", \.outputBytes),
    ]
  }
}

extension Array where Element: BitwiseCopyable {
  fileprivate var buffer: Buffer {
    let buffer = Buffer(count: count * MemoryLayout<Element>.stride)
    buffer.store(self)
    return buffer
  }
}

extension OperationCounts {
  static func += (total: inout OperationCounts, more: OperationCounts) {
    for (_, count) in classes { total[keyPath: count] += more[keyPath: count] }
  }
}
