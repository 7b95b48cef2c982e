internal import MPGEMM

/// Everything that a forward pass writes, allocated once.
final class State {
  // Floats, tokens by the width that the comment says.
  let residual: Buffer  // hidden
  let normed: Buffer  // hidden
  let queries: Buffer  // attention
  let keys: Buffer  // keysOrValues
  let values: Buffer  // keysOrValues
  let mixed: Buffer  // attention: what attention makes
  let gate: Buffer  // ffn
  let up: Buffer  // ffn
  let projected: Buffer  // hidden: what o and down make
  let headInput: Buffer  // hidden filled up to whole lanes
  let logits: Buffer  // vocabulary

  // The inputs of the linear layers, quantized and prepared.
  /// By step, since each may have a kernel of its own.
  private let inputs: [LinearInput]

  /// Keys and values of every layer, sequence, key/value head and position, as the limits say.
  let memory: KeyValueMemory
  let rotary: RotaryTable
  let attentionScratch: [Buffer]

  /// Neighbouring tokens that attend together, so that each key is converted once for them.
  static let tokensPerRun = 8

  private let configuration: Configuration
  private let sequences: Int
  /// Positions of one sequence, in whole lanes.
  let positions: Int

  init(
    _ c: Configuration, kernel: any KernelChoice, limits: Transformer.Limits, factors: [Float]?,
    pool: ThreadPool
  ) {
    configuration = c
    sequences = limits.sequences
    positions = DecoderOperations.padded(limits.positions)
    let tokens = limits.tokens
    func floats(_ rows: Int, _ width: Int) -> Buffer {
      Buffer(count: rows * width * MemoryLayout<Float>.stride)
    }
    residual = floats(tokens, c.hidden)
    normed = floats(tokens, c.hidden)
    queries = floats(tokens, c.attention)
    keys = floats(tokens, c.keysOrValues)
    values = floats(tokens, c.keysOrValues)
    mixed = floats(tokens, c.attention)
    gate = floats(tokens, c.ffn)
    up = floats(tokens, c.ffn)
    projected = floats(tokens, c.hidden)
    headInput = floats(limits.logits, DecoderOperations.padded(c.hidden))
    logits = floats(limits.logits, c.vocabulary)
    inputs = c.linearSteps.map {
      LinearInput($0, kernels: kernel, mostTokens: tokens, pool: pool)
    }
    memory = KeyValueMemory(
      limits.memory, rows: c.layers * 2 * sequences * c.kvHeads * positions, headDim: c.headDim)
    rotary = RotaryTable(
      headDim: c.headDim, positions: limits.positions, theta: c.ropeTheta, factors: factors)
    let scratch = DecoderOperations.attentionScratch(
      queries: Self.tokensPerRun * (c.heads / c.kvHeads), headDim: c.headDim, positions: positions)
    attentionScratch = (0..<pool.threads).map { _ in Buffer(count: scratch) }
  }

  /// The input of a step for so many tokens.
  func input(_ part: LinearPart, tokens: Int) -> Activations { inputs[part.rawValue][tokens] }

  /// The row of a head's first key; its values begin `positions` later.
  func keyRow(layer: Int, sequence: Int, head: Int) -> Int {
    ((layer * sequences + sequence) * configuration.kvHeads + head) * 2 * positions
  }
}
