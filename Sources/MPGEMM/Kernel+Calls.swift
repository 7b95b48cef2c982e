internal import CKernels

/// What a shape needs of the caller, and where its work may be cut.
public struct Plan: Sendable, Equatable {
  /// Bytes of prepared activations.
  public let preparedBytes: Int
  /// Ranges of prepare start at multiples of these; 0: that dimension stays whole.
  public let prepareTokenStep: Int
  public let prepareInputStep: Int
  /// Bytes of scratch for one thread.
  public let scratchBytes: Int
  /// Tiles start at multiples of these.
  public let rowStep: Int
  public let tokenStep: Int
  /// The tile to aim for.
  public let bestRows: Int
  public let bestTokens: Int
}

/// A part of the output: weight rows by tokens.
public struct Tile: Sendable, Equatable {
  public var rows: Range<Int>
  public var tokens: Range<Int>

  public init(rows: Range<Int>, tokens: Range<Int>) {
    self.rows = rows
    self.tokens = tokens
  }
}

/// A part of the activations: tokens by inputs.
public struct PrepareRange: Sendable, Equatable {
  public var tokens: Range<Int>
  public var inputs: Range<Int>

  public init(tokens: Range<Int>, inputs: Range<Int>) {
    self.tokens = tokens
    self.inputs = inputs
  }
}

/// Activations as a kernel reads them: float32 tokens, or codes with a scale and a sum a token.
public struct KernelInput: Sendable {
  /// Float or Int8 elements, token after token.
  public var values: Buffer
  /// Elements from one token to the next.
  public var stride: Int
  /// One float a token; nil: 1.
  public var scales: Buffer?
  /// The Int32 sum of each token's codes; nil for float32.
  public var sums: Buffer?

  public init(values: Buffer, stride: Int, scales: Buffer? = nil, sums: Buffer? = nil) {
    self.values = values
    self.stride = stride
    self.scales = scales
    self.sums = sums
  }
}

/// One multiplication as the contract sees it: every buffer is the caller's.
public struct KernelCall: Sendable {
  public var shape: Shape
  public var packed: Buffer
  /// Where the weights begin in `packed`.
  public var packedOffset = 0
  public var prepared: Buffer
  public var input: KernelInput
  /// Floats: one, or one a row as `scalesPerRow` says.
  public var weightScales: Buffer
  public var scalesPerRow: Bool
  /// Floats, token after token.
  public var output: Buffer
  /// Floats from one token's outputs to the next's.
  public var outputStride: Int

  public init(
    shape: Shape, packed: Buffer, prepared: Buffer, input: KernelInput, weightScales: Buffer,
    scalesPerRow: Bool, output: Buffer, outputStride: Int
  ) {
    self.shape = shape
    self.packed = packed
    self.prepared = prepared
    self.input = input
    self.weightScales = weightScales
    self.scalesPerRow = scalesPerRow
    self.output = output
    self.outputStride = outputStride
  }
}

/// Scalar operations and bytes moved by one prepare or one compute, padding included.
public struct OperationCounts: Sendable, Equatable {
  public var additionsInt8 = 0, additionsInt16 = 0, additionsInt32 = 0, multipliesInt8 = 0
  public var additionsFloat16 = 0, multipliesFloat16 = 0
  public var additionsFloat32 = 0, multipliesFloat32 = 0
  public var bitOperations = 0, lookups = 0, conversions = 0
  public var weightBytes = 0, inputBytes = 0, preparedBytes = 0, scratchBytes = 0, outputBytes = 0

  public init() {}
}

extension Kernel {
  /// The alignment of packed weights in bytes.
  public var packedAlignment: Int { functions.descriptor.pointee.packed_align }

  /// The bytes that packed weights of M × K take.
  public func packedSize(outFeatures: Int, inFeatures: Int) -> Int {
    functions.packedSize(functions.descriptor, outFeatures, inFeatures)
  }

  /// Packs weights into the start of a buffer.
  public func pack(_ weights: TernaryMatrix, into packed: Buffer) {
    let size = packedSize(outFeatures: weights.outFeatures, inFeatures: weights.inFeatures)
    precondition(packed.count >= size, "packed buffer too small")
    weights.values.withUnsafeBufferPointer { values in
      functions.pack(
        functions.descriptor, weights.outFeatures, weights.inFeatures, values.baseAddress,
        packed.address)
    }
  }

  /// Reads weights back, row after row; 2 marks a code that no weight packs to.
  public func unpack(_ packed: Buffer, outFeatures: Int, inFeatures: Int) -> [Int8] {
    let size = packedSize(outFeatures: outFeatures, inFeatures: inFeatures)
    precondition(packed.count >= size, "packed buffer too small")
    let count = outFeatures * inFeatures
    return [Int8](unsafeUninitializedCapacity: count) { target, initialized in
      target.initialize(repeating: 2)
      functions.unpack(
        functions.descriptor, outFeatures, inFeatures, packed.address, target.baseAddress)
      initialized = count
    }
  }

  /// What a shape needs.
  public func plan(_ shape: Shape) -> Plan {
    var c = mpgemm_plan()
    functions.plan(functions.descriptor, mpgemm_shape(shape), &c)
    return Plan(
      preparedBytes: c.prepared_size, prepareTokenStep: c.prepare_n_step,
      prepareInputStep: c.prepare_k_step, scratchBytes: c.scratch_size, rowStep: c.m_step,
      tokenStep: c.n_step, bestRows: c.m_best, bestTokens: c.n_best)
  }

  /// Prepares one range of the activations.
  public func prepare(
    _ range: PrepareRange, of input: KernelInput, shape: Shape, into prepared: Buffer
  ) {
    var c = mpgemm_input(input)
    functions.prepare(
      functions.descriptor, shape.tokens, shape.inFeatures, &c, mpgemm_range(range),
      prepared.address)
  }

  /// Computes one tile of a multiplication.
  public func compute(_ tile: Tile, of call: KernelCall, scratch: Buffer) {
    var input = mpgemm_input(call.input)
    withUnsafePointer(to: &input) { input in
      var c = mpgemm_call(call, input: input)
      functions.compute(functions.descriptor, &c, mpgemm_tile(tile), scratch.address)
    }
  }

  /// What one prepare and one whole compute of a shape execute and move, as the kernel declares.
  public func count(_ shape: Shape) -> (prepare: OperationCounts, compute: OperationCounts) {
    var prepare = mpgemm_ops()
    var compute = mpgemm_ops()
    functions.count(functions.descriptor, mpgemm_shape(shape), &prepare, &compute)
    return (OperationCounts(prepare), OperationCounts(compute))
  }
}

extension mpgemm_shape {
  init(_ shape: Shape) {
    self.init(m: shape.outFeatures, n: shape.tokens, k: shape.inFeatures)
  }
}

extension mpgemm_range {
  init(_ range: PrepareRange) {
    self.init(
      n_begin: range.tokens.lowerBound, n_end: range.tokens.upperBound,
      k_begin: range.inputs.lowerBound, k_end: range.inputs.upperBound)
  }
}

extension mpgemm_tile {
  init(_ tile: Tile) {
    self.init(
      m_begin: tile.rows.lowerBound, m_end: tile.rows.upperBound,
      n_begin: tile.tokens.lowerBound, n_end: tile.tokens.upperBound)
  }
}

extension mpgemm_input {
  init(_ input: KernelInput) {
    self.init(
      x: UnsafeRawPointer(input.values.address), ldx: input.stride,
      scale: input.scales.map { UnsafePointer($0.address.assumingMemoryBound(to: Float.self)) },
      sum: input.sums.map { UnsafePointer($0.address.assumingMemoryBound(to: Int32.self)) })
  }
}

extension mpgemm_call {
  init(_ call: KernelCall, input: UnsafePointer<mpgemm_input>) {
    self.init(
      shape: mpgemm_shape(call.shape),
      packed: UnsafeRawPointer(call.packed.address + call.packedOffset),
      prepared: UnsafeRawPointer(call.prepared.address), input: input,
      w_scale: UnsafePointer(call.weightScales.address.assumingMemoryBound(to: Float.self)),
      w_scale_stride: call.scalesPerRow ? 1 : 0,
      y: call.output.address.assumingMemoryBound(to: Float.self), ldy: call.outputStride)
  }
}

extension OperationCounts {
  fileprivate init(_ c: mpgemm_ops) {
    additionsInt8 = Int(c.add_i8)
    additionsInt16 = Int(c.add_i16)
    additionsInt32 = Int(c.add_i32)
    multipliesInt8 = Int(c.mul_i8)
    additionsFloat16 = Int(c.add_f16)
    multipliesFloat16 = Int(c.mul_f16)
    additionsFloat32 = Int(c.add_f32)
    multipliesFloat32 = Int(c.mul_f32)
    bitOperations = Int(c.bitop)
    lookups = Int(c.lookup)
    conversions = Int(c.convert)
    weightBytes = Int(c.weight_bytes)
    inputBytes = Int(c.input_bytes)
    preparedBytes = Int(c.prepared_bytes)
    scratchBytes = Int(c.scratch_bytes)
    outputBytes = Int(c.output_bytes)
  }
}
