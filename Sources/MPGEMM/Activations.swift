/// The activations of some tokens in the form that a kernel multiplies: quantized and prepared once,
/// then multiplied by as many matrices as read them.
///
/// Every buffer is allocated once, for the largest number of tokens.
public final class Activations {
  public let kernel: Kernel
  public let inFeatures: Int
  public let mostTokens: Int
  /// How many tokens were loaded last.
  public private(set) var tokens = 0

  private let pool: ThreadPool
  private let quantizer: Quantizer?
  private let codes: Buffer
  private let tokenScales: Buffer
  private let tokenSums: Buffer
  private let prepared: Buffer
  private var scratch: [Buffer] = []
  private var input: KernelInput?
  private var plans: [PlanKey: MatrixPlan] = [:]

  private struct PlanKey: Hashable {
    let outFeatures: Int
    let tokens: Int
  }

  /// The plan of one shape, and the rows of its pieces.
  private struct MatrixPlan {
    let plan: Plan
    let rows: [Range<Int>]
  }

  /// Elements below which a stage is not worth a second thread.
  private static let elementsPerThread = 16384

  /// Allocates what the kernel needs.
  ///
  /// - Parameters:
  ///   - kernel: What multiplies.
  ///   - inFeatures: K.
  ///   - mostTokens: The largest N.
  ///   - pool: The threads.
  ///   - quantizer: Nil for kernels of float32 activations.
  public init(
    for kernel: Kernel, inFeatures: Int, mostTokens: Int, pool: ThreadPool,
    quantizer: Quantizer? = .best
  ) {
    precondition(kernel.activation != .int4, "no quantizer to int4")
    self.kernel = kernel
    self.inFeatures = inFeatures
    self.mostTokens = mostTokens
    self.pool = pool
    let isInt8 = kernel.activation == .int8
    precondition(!isInt8 || quantizer != nil, "an int8 kernel needs a quantizer")
    self.quantizer = isInt8 ? quantizer : nil
    codes = Buffer(count: isInt8 ? mostTokens * inFeatures : 0)
    tokenScales = Buffer(count: mostTokens * MemoryLayout<Float>.stride)
    tokenSums = Buffer(count: mostTokens * MemoryLayout<Int32>.stride)
    // A kernel may take another path for few tokens, so every number is asked for. M is not looked at.
    let preparedBytes = (1...mostTokens).map { tokens in
      kernel.plan(Shape(outFeatures: 1, tokens: tokens, inFeatures: inFeatures)).preparedBytes
    }
    prepared = Buffer(count: preparedBytes.max() ?? 0)
  }

  /// Quantizes tokens; does nothing but remember them for kernels of float32 activations.
  ///
  /// - Parameters:
  ///   - values: N × K floats, token after token. They must stay until they are multiplied.
  ///   - tokens: N.
  public func quantize(_ values: Buffer, tokens: Int) {
    precondition((1...mostTokens).contains(tokens))
    self.tokens = tokens
    guard let quantizer else {
      input = KernelInput(values: values, stride: inFeatures)
      return
    }
    input = KernelInput(values: codes, stride: inFeatures, scales: tokenScales, sums: tokenSums)
    let pieces = ThreadPool.cuts(of: tokens, step: 1, into: usefulThreads)
    pool.forEach(pieces.count) { [inFeatures, codes, tokenScales, tokenSums] piece, _ in
      quantizer.quantize(
        tokens: pieces[piece], inFeatures: inFeatures, values: values, codes: codes,
        scales: tokenScales, sums: tokenSums)
    }
  }

  /// Brings the tokens that were quantized last into the kernel's form.
  public func prepare() {
    guard let input else { preconditionFailure("prepare comes after quantize") }
    let shape = Shape(outFeatures: 1, tokens: tokens, inFeatures: inFeatures)
    let plan = plan(shape).plan
    guard plan.preparedBytes > 0 else { return }
    let byTokens =
      plan.prepareTokenStep == 0
      ? [0..<tokens]
      : ThreadPool.cuts(of: tokens, step: plan.prepareTokenStep, into: usefulThreads)
    pool.forEach(byTokens.count) { [kernel, inFeatures, prepared] piece, _ in
      kernel.prepare(
        PrepareRange(tokens: byTokens[piece], inputs: 0..<inFeatures), of: input, shape: shape,
        into: prepared)
    }
  }

  /// Multiplies the prepared tokens by matrices, all in one run of the pool.
  ///
  /// - Parameters:
  ///   - matrices: Each of K inputs and the kernel's layout.
  ///   - copy: Which of the copies of each.
  ///   - outputs: One a matrix: N × M floats, token after token.
  public func multiply(by matrices: [PackedMatrix], copy: Int = 0, into outputs: [Buffer]) {
    guard let input else { preconditionFailure("multiply comes after quantize and prepare") }
    precondition(matrices.count == outputs.count)
    var pieces: [Piece] = []
    var calls: [KernelCall] = []
    for (index, (matrix, output)) in zip(matrices, outputs).enumerated() {
      precondition(matrix.layout == kernel.layout, "weights of another layout")
      precondition(matrix.inFeatures == inFeatures, "weights of other inputs")
      let shape = Shape(
        outFeatures: matrix.outFeatures, tokens: tokens, inFeatures: inFeatures)
      precondition(output.count >= shape.outFeatures * tokens * MemoryLayout<Float>.stride)
      precondition((0..<matrix.copies).contains(copy), "no such copy")
      let call = KernelCall(
        shape: shape, packed: matrix.storage, prepared: prepared, input: input,
        weightScales: matrix.scaleStorage, scalesPerRow: matrix.scales.count > 1,
        output: output, outputStride: shape.outFeatures)
      calls.append(call)
      let planned = plan(shape)
      pieces += planned.rows.map { Piece(call: index, rows: $0, plan: planned.plan) }
    }
    pool.forEach(pieces.count) { [kernel, tokens, scratch, calls, pieces] index, thread in
      let piece = pieces[index]
      var call = calls[piece.call]
      call.packedOffset = matrices[piece.call].offset(copy: copy, thread: thread)
      piece.plan.forEachTile(rows: piece.rows, tokens: tokens) {
        kernel.compute($0, of: call, scratch: scratch[thread])
      }
    }
  }

  /// Some rows of one matrix.
  private struct Piece {
    let call: Int
    let rows: Range<Int>
    let plan: Plan
  }

  private var usefulThreads: Int {
    max(1, min(pool.threads, tokens * inFeatures / Self.elementsPerThread))
  }

  /// The plan of a shape, made once; scratch grows to what it needs.
  private func plan(_ shape: Shape) -> MatrixPlan {
    let key = PlanKey(outFeatures: shape.outFeatures, tokens: shape.tokens)
    if let known = plans[key] { return known }
    let plan = kernel.plan(shape)
    precondition(plan.preparedBytes <= prepared.count, "a plan that depends on M")
    let planned = MatrixPlan(plan: plan, rows: plan.rowPieces(of: shape, threads: pool.threads))
    if scratch.first.map({ $0.count < plan.scratchBytes }) ?? true {
      scratch = (0..<pool.threads).map { _ in Buffer(count: plan.scratchBytes) }
    }
    plans[key] = planned
    return planned
  }
}
