internal import CKernels

/// A kernel set up for one shape: every buffer allocated once, its stages run over a thread pool.
///
/// The stages are quantize, prepare, compute, in this order. No result depends on the number of
/// threads, since no kernel's bits depend on how its work is cut.
public final class Multiplication {
  public let kernel: Kernel
  public let shape: Shape
  public let plan: Plan

  let pool: ThreadPool
  let quantizer: Quantizer?
  let values: Buffer
  let codes: Buffer
  let tokenScales: Buffer
  let tokenSums: Buffer
  let prepared: Buffer
  let scratch: [Buffer]
  private let output: Buffer
  let input: KernelInput
  private let prepareRanges: [PrepareRange]

  /// Elements of activations below which a stage is not worth a second thread.
  private static let elementsPerThread = 16384

  /// Allocates what the kernel needs for a shape.
  ///
  /// - Parameters:
  ///   - kernel: What multiplies.
  ///   - shape: What it multiplies.
  ///   - activations: N × K floats, token after token. Int8 kernels quantize them.
  ///   - pool: The threads.
  ///   - quantizer: Nil for kernels of float32 activations.
  ///   - floatScales: For kernels of float32 activations, a scale a token; nil: none, which is 1.
  public init(
    _ kernel: Kernel, shape: Shape, activations: [Float], pool: ThreadPool,
    quantizer: Quantizer? = .best, floatScales: [Float]? = nil
  ) {
    precondition(activations.count == shape.tokens * shape.inFeatures, "one float an input")
    precondition(kernel.activation != .int4, "no quantizer to int4")
    self.kernel = kernel
    self.shape = shape
    self.pool = pool
    plan = kernel.plan(shape)
    let elements = shape.tokens * shape.inFeatures
    values = Buffer(count: elements * MemoryLayout<Float>.stride)
    values.store(activations)
    let isInt8 = kernel.activation == .int8
    precondition(!isInt8 || quantizer != nil, "an int8 kernel needs a quantizer")
    self.quantizer = isInt8 ? quantizer : nil
    codes = Buffer(count: isInt8 ? elements : 0)
    tokenScales = Buffer(count: shape.tokens * MemoryLayout<Float>.stride)
    tokenSums = Buffer(count: shape.tokens * MemoryLayout<Int32>.stride)
    prepared = Buffer(count: plan.preparedBytes)
    let scratchBytes = plan.scratchBytes
    scratch = (0..<pool.threads).map { _ in Buffer(count: scratchBytes) }
    output = Buffer(count: shape.outFeatures * shape.tokens * MemoryLayout<Float>.stride)
    input =
      isInt8
      ? KernelInput(values: codes, stride: shape.inFeatures, scales: tokenScales, sums: tokenSums)
      : KernelInput(
        values: values, stride: shape.inFeatures, scales: floatScales == nil ? nil : tokenScales)
    if !isInt8, let floatScales {
      precondition(floatScales.count == shape.tokens, "one scale a token")
      tokenScales.store(floatScales)
    }
    prepareRanges = Self.prepareRanges(shape: shape, plan: plan, threads: pool.threads)
  }

  /// Turns float32 activations into codes; does nothing for kernels of float32 activations.
  public func quantize() {
    guard let quantizer else { return }
    let pieces = ThreadPool.cuts(
      of: shape.tokens, step: 1,
      into: Self.useful(pool.threads, elements: shape.multiplyAdds / shape.outFeatures))
    pool.forEach(pieces.count) { [shape, values, codes, tokenScales, tokenSums] piece, _ in
      quantizer.quantize(
        tokens: pieces[piece], inFeatures: shape.inFeatures, values: values, codes: codes,
        scales: tokenScales, sums: tokenSums)
    }
  }

  /// Brings the activations into the kernel's form.
  public func prepare() {
    guard plan.preparedBytes > 0 else { return }
    pool.forEach(prepareRanges.count) { [kernel, input, shape, prepared, prepareRanges] piece, _ in
      kernel.prepare(prepareRanges[piece], of: input, shape: shape, into: prepared)
    }
  }

  /// Multiplies by one copy of packed weights.
  public func compute(_ weights: PackedMatrix, copy: Int = 0) {
    let call = call(weights, copy: copy)
    let rows = rowPieces
    pool.forEach(rows.count) { [kernel, shape, plan, scratch] piece, thread in
      var call = call
      call.packedOffset = weights.offset(copy: copy, thread: thread)
      plan.forEachTile(rows: rows[piece], tokens: shape.tokens) {
        kernel.compute($0, of: call, scratch: scratch[thread])
      }
    }
  }

  /// The call that multiplies by one copy of packed weights.
  func call(_ weights: PackedMatrix, copy: Int) -> KernelCall {
    precondition(weights.layout == kernel.layout, "weights of another layout")
    precondition(
      weights.outFeatures == shape.outFeatures && weights.inFeatures == shape.inFeatures
        && (0..<weights.copies).contains(copy))
    var call = KernelCall(
      shape: shape, packed: weights.storage, prepared: prepared, input: input,
      weightScales: weights.scaleStorage, scalesPerRow: weights.scales.count > 1, output: output,
      outputStride: shape.outFeatures)
    call.packedOffset = weights.offset(copy: copy, thread: 0)
    return call
  }

  /// The result: N × M floats, token after token.
  public var result: [Float] { output.elements(of: Float.self) }

  /// The int8 codes, with a scale and a sum a token, of the last quantize.
  public var quantized: (codes: [Int8], scales: [Float], sums: [Int32]) {
    (
      codes.elements(of: Int8.self), tokenScales.elements(of: Float.self),
      tokenSums.elements(of: Int32.self)
    )
  }

  private lazy var rowPieces = plan.rowPieces(of: shape, threads: pool.threads)

  private static func useful(_ threads: Int, elements: Int) -> Int {
    max(1, min(threads, elements / elementsPerThread))
  }

  /// Cuts prepare by tokens if there are enough, else by inputs, where the plan allows it.
  private static func prepareRanges(shape: Shape, plan: Plan, threads: Int) -> [PrepareRange] {
    let pieces = useful(threads, elements: shape.tokens * shape.inFeatures)
    let byTokens =
      plan.prepareTokenStep == 0
      ? [0..<shape.tokens]
      : ThreadPool.cuts(of: shape.tokens, step: plan.prepareTokenStep, into: pieces)
    let byInputs =
      plan.prepareInputStep == 0 || byTokens.count >= pieces
      ? [0..<shape.inFeatures]
      : ThreadPool.cuts(
        of: shape.inFeatures, step: plan.prepareInputStep, into: pieces / byTokens.count)
    return byTokens.flatMap { tokens in
      byInputs.map { PrepareRange(tokens: tokens, inputs: $0) }
    }
  }
}
