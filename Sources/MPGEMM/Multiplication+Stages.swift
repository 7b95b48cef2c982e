internal import CKernels

/// A part of a multiplication, in the order in which they run.
public enum Stage: String, Sendable, CaseIterable {
  case quantize, prepare, compute
}

/// A stage as C sees it: a function of one argument that neither allocates nor runs Swift.
///
/// Valid only within the closure that receives it. It writes copies of the multiplication's buffers.
public struct StageCall {
  /// Runs the whole stage on the calling thread.
  public let function: @convention(c) (UnsafeMutableRawPointer?) -> Void
  public let argument: UnsafeMutableRawPointer
  /// The same for a kernel that returns at once: with it `function` executes only what is its own.
  public let idleArgument: UnsafeMutableRawPointer
  /// The kernel's or quantizer's own function, which `function` calls once or, for compute, once a tile.
  public let entry: UnsafeRawPointer
  /// Where the buffers lie whose bytes a kernel counts, each by the count that it belongs to.
  public let streams: [(bytes: WritableKeyPath<OperationCounts, Int>, addresses: Range<UInt>)]
  /// Where the scales and sums of rows and tokens lie, whose bytes no kernel counts.
  public let scalesAndSums: [Range<UInt>]

  /// Runs the stage.
  public func callAsFunction() {
    function(argument)
  }
}

extension Multiplication {
  /// The stages that this kernel has on this shape, in order.
  public var stages: [Stage] {
    Stage.allCases.filter { stage in
      switch stage {
      case .quantize: quantizer != nil
      case .prepare: plan.preparedBytes > 0
      case .compute: true
      }
    }
  }

  /// How many threads the stages run on.
  public var threads: Int { pool.threads }

  /// Runs a closure once on each of the threads, with its number.
  public func onEachThread(_ body: @Sendable (Int) -> Void) {
    pool.run(body)
  }

  /// Hands a stage to something that can only call C, such as a tracer.
  ///
  /// Work is cut as for one thread, whatever the pool; the stages before it must have run. The call works
  /// on copies of the buffers that lie at the same offsets from each other in every run.
  ///
  /// - Parameters:
  ///   - stage: Which stage.
  ///   - weights: What compute multiplies by.
  ///   - copy: Which copy of the weights.
  ///   - body: What to do with the call.
  /// - Returns: What the body returns; nil for a stage that this kernel does not have.
  public func withCall<Result>(
    of stage: Stage, _ weights: PackedMatrix, copy: Int = 0,
    _ body: (StageCall) throws -> Result
  ) rethrows -> Result? {
    switch stage {
    case .quantize: try withQuantizeCall(body)
    case .prepare: try withPrepareCall(body)
    case .compute: try withComputeCall(call(weights, copy: copy), body)
    }
  }

  /// The input on copies of its buffers, in this order.
  private func paged(_ pages: [Buffer]) -> KernelInput {
    KernelInput(
      values: pages[0], stride: input.stride, scales: input.scales.map { _ in pages[1] },
      sums: input.sums.map { _ in pages[2] })
  }

  private func withQuantizeCall<Result>(
    _ body: (StageCall) throws -> Result
  ) rethrows -> Result? {
    guard let quantizer else { return nil }
    let pages = Buffer.pages([values, codes, tokenScales, tokenSums])
    let (values, codes, tokenScales, tokenSums) = (pages[0], pages[1], pages[2], pages[3])
    var stage = mpgemm_quantize_stage(
      quantize: quantizer.function, n: shape.tokens, k: shape.inFeatures,
      x: UnsafePointer(values.address.assumingMemoryBound(to: Float.self)),
      codes: codes.address.assumingMemoryBound(to: Int8.self),
      scale: tokenScales.address.assumingMemoryBound(to: Float.self),
      sum: tokenSums.address.assumingMemoryBound(to: Int32.self))
    var idle = stage
    idle.quantize = mpgemm_idle_quantize
    return try withExtendedLifetime(pages) {
      try withUnsafeMutablePointers(to: &stage, &idle) {
        try body(
          StageCall(
            function: mpgemm_run_quantize_stage, argument: $0, idleArgument: $1,
            entry: unsafeBitCast(quantizer.function, to: UnsafeRawPointer.self), streams: [],
            scalesAndSums: []))
      }
    }
  }

  private func withPrepareCall<Result>(
    _ body: (StageCall) throws -> Result
  ) rethrows -> Result? {
    guard plan.preparedBytes > 0 else { return nil }
    let pages = Buffer.pages([input.values, tokenScales, tokenSums, prepared])
    let prepared = pages[3]
    var input = mpgemm_input(paged(pages))
    return try withExtendedLifetime(pages) {
      try withUnsafePointer(to: &input) { input in
        var stage = mpgemm_prepare_stage(
          kernel: kernel.functions.descriptor, n: shape.tokens, k: shape.inFeatures, input: input,
          prepared: prepared.address)
        var idle = stage
        idle.kernel = mpgemm_idle_kernel()
        return try withUnsafeMutablePointers(to: &stage, &idle) {
          try body(
            StageCall(
              function: mpgemm_run_prepare_stage, argument: $0, idleArgument: $1,
              entry: unsafeBitCast(kernel.functions.prepare, to: UnsafeRawPointer.self),
              streams: [
                (\.inputBytes, pages[0].addresses), (\.preparedBytes, prepared.addresses),
              ], scalesAndSums: [pages[1].addresses, pages[2].addresses]))
        }
      }
    }
  }

  private func withComputeCall<Result>(
    _ own: KernelCall, _ body: (StageCall) throws -> Result
  ) rethrows -> Result {
    let size = kernel.packedSize(outFeatures: shape.outFeatures, inFeatures: shape.inFeatures)
    let packed = Buffer(own.packedOffset..<own.packedOffset + size, of: own.packed)
    let pages = Buffer.pages(
      [
        own.input.values, tokenScales, tokenSums, own.prepared, packed, own.weightScales,
        own.output, scratch[0],
      ], alignment: kernel.packedAlignment)
    var call = own
    call.input = paged(pages)
    call.prepared = pages[3]
    call.packed = pages[4]
    call.packedOffset = 0
    call.weightScales = pages[5]
    call.output = pages[6]
    let scratch = pages[7]
    var input = mpgemm_input(call.input)
    return try withExtendedLifetime(pages) {
      try withUnsafePointer(to: &input) { input in
        var c = mpgemm_call(call, input: input)
        return try withUnsafePointer(to: &c) { c in
          var stage = mpgemm_compute_stage(
            kernel: kernel.functions.descriptor, call: c, m_best: plan.bestRows,
            n_best: plan.bestTokens, scratch: scratch.address)
          var idle = stage
          idle.kernel = mpgemm_idle_kernel()
          return try withUnsafeMutablePointers(to: &stage, &idle) {
            try body(
              StageCall(
                function: mpgemm_run_compute_stage, argument: $0, idleArgument: $1,
                entry: unsafeBitCast(kernel.functions.compute, to: UnsafeRawPointer.self),
                streams: [
                  (\.inputBytes, pages[0].addresses), (\.preparedBytes, pages[3].addresses),
                  (\.weightBytes, pages[4].addresses), (\.outputBytes, pages[6].addresses),
                  (\.scratchBytes, scratch.addresses),
                ], scalesAndSums: [pages[1], pages[2], pages[5]].map(\.addresses)))
          }
        }
      }
    }
  }
}

/// Hands out the addresses of two values.
private func withUnsafeMutablePointers<Value, Result>(
  to a: inout Value, _ b: inout Value,
  _ body: (UnsafeMutablePointer<Value>, UnsafeMutablePointer<Value>) throws -> Result
) rethrows -> Result {
  try withUnsafeMutablePointer(to: &a) { a in
    try withUnsafeMutablePointer(to: &b) { try body(a, $0) }
  }
}

extension Buffer {
  fileprivate var addresses: Range<UInt> {
    UInt(bitPattern: address)..<UInt(bitPattern: address) + UInt(count)
  }
}
