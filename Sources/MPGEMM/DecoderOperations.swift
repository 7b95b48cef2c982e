internal import CKernels

/// What a decoder does between its linear layers (`mpgemm_decoder.h`); all implementations give the same bits.
public struct DecoderOperations: @unchecked Sendable {  // The C table is static and const.
  /// The instruction set it is written for, for example `portable` or `avx512`.
  public let name: String
  public let requiredISA: ISA
  private let c: mpgemm_decoder_ops

  /// The activation function of a gated feed-forward block.
  public enum Gate: Sendable {
    /// max(gate, 0)² · up.
    case relu2
    /// gate / (1 + exp(−gate)) · up.
    case silu
  }

  /// Floats to which the rows of keys, values and head matrices are filled up.
  public static let lanes = Int(MPGEMM_LANES)
  /// The widest head that attention takes.
  public static let largestHeadDim = Int(MPGEMM_LARGEST_HEAD_DIM)

  /// A width rounded up to whole lanes.
  public static func padded(_ width: Int) -> Int { (width + lanes - 1) / lanes * lanes }

  /// Every implementation of this build, most demanding first; the last is portable.
  public static let all: [DecoderOperations] = {
    var list: [DecoderOperations] = []
    var next = mpgemm_decoder_ops_list()
    while let entry = next, let operations = entry.pointee {
      list.append(DecoderOperations(operations.pointee))
      next = entry + 1
    }
    return list
  }()

  /// The first that this CPU can run; the portable one always can.
  public static let best =
    all.first { ISA.current.isSuperset(of: $0.requiredISA) } ?? all[all.count - 1]

  /// The last of all.
  static let portable = all[all.count - 1]

  private init(_ c: mpgemm_decoder_ops) {
    self.c = c
    name = c.name.map { String(cString: $0) } ?? ""
    requiredISA = ISA(rawValue: c.isa)
  }

  /// Root-mean-square norm of each token; `output` may be `values`.
  public func rmsNorm(
    tokens: Range<Int>, width: Int, values: Buffer, weight: Buffer, epsilon: Float,
    into output: Buffer
  ) {
    let (x, y) = (values.floats(tokens, width), output.floats(tokens, width))
    let w = weight.floats(0..<1, width)
    for t in 0..<tokens.count {
      c.rms_norm(width, x + t * width, w, epsilon, y + t * width)
    }
  }

  /// Adds each token's values to a sum.
  public func add(tokens: Range<Int>, width: Int, values: Buffer, to sum: Buffer) {
    c.add(tokens.count * width, values.floats(tokens, width), sum.floats(tokens, width))
  }

  /// Gates each token; the result replaces `gate`.
  public func apply(
    _ kind: Gate, tokens: Range<Int>, width: Int, gate: Buffer, up: Buffer
  ) {
    let (g, u) = (gate.floats(tokens, width), up.floats(tokens, width))
    switch kind {
    case .relu2: c.gated_relu2(tokens.count * width, g, u, g)
    case .silu: c.gated_silu(tokens.count * width, g, u, g)
    }
  }

  /// Rotates the heads of one token by the angles of its position.
  public func rotate(
    token: Int, position: Int, heads: Int, headDim: Int, values: Buffer, by table: RotaryTable
  ) {
    let half = headDim / 2
    precondition(table.half == half && (0..<table.positions).contains(position))
    let x = values.floats(token..<token + 1, heads * headDim)
    let cosine = table.cosine.floats(position..<position + 1, half)
    let sine = table.sine.floats(position..<position + 1, half)
    for head in 0..<heads { c.rotate(half, cosine, sine, x + head * headDim) }
  }

  /// Remembers one head of one token.
  public func store(
    token: Int, width: Int, head: Int, values: Buffer, into memory: KeyValueMemory, row: Int
  ) {
    let headDim = memory.headDim
    precondition((head + 1) * headDim <= width && (0..<memory.rows).contains(row))
    let x = values.floats(token..<token + 1, width) + head * headDim
    let y = memory.address(of: row)
    switch memory.kind {
    case .f16: c.store_half(headDim, x, y.assumingMemoryBound(to: UInt16.self))
    case .f32: y.copyMemory(from: x, byteCount: headDim * MemoryLayout<Float>.stride)
    case .int8:
      c.store_int8(headDim, x, y.assumingMemoryBound(to: Int8.self), memory.scale(of: row))
    }
  }

  /// Rounds a float to a half.
  func storeHalf(_ value: inout Float, _ bits: inout UInt16) { c.store_half(1, &value, &bits) }

  /// Queries of neighbouring tokens of one sequence that share a key/value head.
  public struct Attention: Sendable {
    /// The first token's index in `queries` and `output`.
    public var token: Int
    public var tokens: Int
    /// How many positions the first token sees, itself included.
    public var visible: Int
    /// The key/value head, and how many query heads share it.
    public var head: Int
    public var group: Int
    /// Floats of one token's queries: all heads.
    public var width: Int
    /// The memory's rows of the head's first key and value.
    public var keyRow: Int
    public var valueRow: Int

    public init(
      token: Int, tokens: Int, visible: Int, head: Int, group: Int, width: Int, keyRow: Int,
      valueRow: Int
    ) {
      self.token = token
      self.tokens = tokens
      self.visible = visible
      self.head = head
      self.group = group
      self.width = width
      self.keyRow = keyRow
      self.valueRow = valueRow
    }
  }

  /// Bytes of scratch that attention of so many queries to so many positions needs.
  public static func attentionScratch(queries: Int, headDim: Int, positions: Int) -> Int {
    mpgemm_attend_scratch(queries, padded(headDim), positions) * MemoryLayout<Float>.stride
  }

  /// Computes softmax(queries · keys / √headDim) · values of one key/value head.
  public func attend(
    _ attention: Attention, queries: Buffer, memory: KeyValueMemory, output: Buffer,
    scratch: Buffer
  ) {
    let a = attention
    let headDim = memory.headDim
    let positions = Self.padded(a.visible + a.tokens - 1)
    precondition(headDim <= Self.largestHeadDim && (a.head + 1) * a.group * headDim <= a.width)
    precondition(
      max(a.keyRow, a.valueRow) + positions <= memory.rows && min(a.keyRow, a.valueRow) >= 0)
    precondition(
      scratch.count
        >= Self.attentionScratch(
          queries: a.tokens * a.group, headDim: headDim, positions: positions))
    let range = a.token..<a.token + a.tokens
    var cMemory = mpgemm_memory(
      keys: memory.address(of: a.keyRow), values: memory.address(of: a.valueRow),
      key_scale: memory.scale(of: a.keyRow), value_scale: memory.scale(of: a.valueRow),
      type: memory.kind.number, head_dim: headDim, stride: Self.padded(headDim))
    let head = a.head * a.group * headDim
    var cQueries = mpgemm_queries(
      queries: queries.floats(range, a.width) + head, out: output.floats(range, a.width) + head,
      ld: a.width, tokens: a.tokens, group: a.group, visible: a.visible,
      scale: 1 / Float(headDim).squareRoot())
    c.attend(&cMemory, &cQueries, scratch.address.assumingMemoryBound(to: Float.self))
  }

  /// Multiplies tokens by some rows of a head.
  ///
  /// - Parameters:
  ///   - rows: Which rows.
  ///   - head: The matrix.
  ///   - tokens: How many tokens.
  ///   - values: Floats, token after token, each filled up with zeros to whole lanes.
  ///   - output: Floats, token after token, a row each.
  public func multiply(
    rows: Range<Int>, of head: HeadMatrix, tokens: Int, values: Buffer, into output: Buffer
  ) {
    let stride = Self.padded(head.width)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= head.rows)
    var cHead = mpgemm_head(
      type: head.kind.number, rows: UnsafeRawPointer(head.storage.address),
      scale: head.scales.map { UnsafePointer($0.address.assumingMemoryBound(to: Float.self)) },
      k: head.width, stride: stride)
    c.head(
      &cHead, rows.lowerBound, rows.upperBound, tokens, values.floats(0..<tokens, stride),
      output.floats(0..<tokens, head.rows), head.rows)
  }
}

extension HeadMatrix.Kind {
  fileprivate var number: UInt32 {
    switch self {
    case .f32: UInt32(MPGEMM_HEAD_F32)
    case .f16: UInt32(MPGEMM_HEAD_F16)
    case .bf16: UInt32(MPGEMM_HEAD_BF16)
    case .int8: UInt32(MPGEMM_HEAD_INT8)
    case .q6k: UInt32(MPGEMM_HEAD_Q6K)
    }
  }
}

extension KeyValueMemory.Kind {
  fileprivate var number: UInt32 {
    switch self {
    case .f16: UInt32(MPGEMM_MEMORY_F16)
    case .f32: UInt32(MPGEMM_MEMORY_F32)
    case .int8: UInt32(MPGEMM_MEMORY_INT8)
    }
  }
}

extension Buffer {
  /// The floats of some tokens, checked to lie within the buffer.
  func floats(_ tokens: Range<Int>, _ width: Int) -> UnsafeMutablePointer<Float> {
    precondition(
      tokens.lowerBound >= 0 && tokens.upperBound * width * MemoryLayout<Float>.stride <= count,
      "tokens past the end of a buffer")
    return address.assumingMemoryBound(to: Float.self) + tokens.lowerBound * width
  }
}
