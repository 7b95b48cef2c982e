public import MPGEMM

/// A ternary transformer that turns tokens into logits, one readable forward pass over any kernel.
///
/// No result depends on the number of threads, on how a prompt is cut into chunks, or on which other
/// sequences run beside one: every kernel and operation gives the same bits however its work is cut.
/// A decoder is used by one thread at a time.
public final class Transformer {
  public let configuration: Configuration
  public let weights: Weights
  public let kernel: any KernelChoice
  public let limits: Limits
  /// Seconds by part since the decoder was made.
  public private(set) var profile = Profile()
  /// Sees the residual stream behind each half of each block, tokens by width; nil costs nothing.
  ///
  /// Where two implementations differ, it shows from which layer on.
  public var onResidual: ((_ layer: Int, _ half: Half, _ residual: [Float]) -> Void)?

  private let pool: ThreadPool
  private let operations: DecoderOperations
  private let state: State

  /// Allocates everything that a forward pass writes.
  ///
  /// - Parameters:
  ///   - configuration: What is computed.
  ///   - weights: Packed for the kernel's layout.
  ///   - kernel: What multiplies in the linear layers.
  ///   - limits: What buffers are made for.
  ///   - rotaryFactors: What each rotary frequency is divided by; nil: nothing.
  ///   - pool: The threads.
  ///   - operations: What computes between the linear layers.
  public init(
    _ configuration: Configuration, weights: Weights, kernel: any KernelChoice, limits: Limits,
    rotaryFactors: [Float]? = nil, threads pool: ThreadPool,
    operations: DecoderOperations = .best
  ) {
    precondition(configuration.inconsistency == nil, configuration.inconsistency ?? "")
    for (step, matrices) in zip(configuration.linearSteps, weights.layers[0].steps) {
      let layout = kernel.kernel(for: step, tokens: 1).layout
      precondition(matrices.allSatisfy { $0.layout == layout }, "weights of another layout")
    }
    self.configuration = configuration
    self.weights = weights
    self.kernel = kernel
    self.limits = limits
    self.pool = pool
    self.operations = operations
    state = State(
      configuration, kernel: kernel, limits: limits, factors: rotaryFactors, pool: pool)
  }

  /// Bytes of keys and values for all sequences and positions.
  public var memoryBytes: Int { state.memory.byteCount }

  /// Runs tokens through the model; their keys and values are remembered.
  ///
  /// Positions of a sequence come in order, and each was preceded by all before it.
  ///
  /// - Returns: The logits of the inputs that want them, a row each, in order.
  @discardableResult public func forward(_ inputs: [Input]) -> [[Float]] {
    let c = configuration
    let s = state
    let n = inputs.count
    let runs = runs(of: inputs)
    let linear = (
      qkv: s.input(.qkv, tokens: n), o: s.input(.o, tokens: n),
      gateUp: s.input(.gateUp, tokens: n), down: s.input(.down, tokens: n)
    )
    var watch = Stopwatch()

    for (t, input) in inputs.enumerated() {
      weights.embedding.copy(row: input.token, to: s.residual, token: t)
    }
    watch.lap(.norms)

    for index in 0..<c.layers {
      let layer = weights.layers[index % weights.layers.count]

      // Attention: x += o(norm(attend(rotate(q), rotate(k), v)))
      norm(s.residual, by: layer.attentionNorm, into: s.normed, width: c.hidden, n)
      watch.lap(.norms)
      load(s.normed, into: linear.qkv, n)
      watch.lap(.quantize)
      linear.qkv.multiply(by: [layer.q, layer.k, layer.v], into: [s.queries, s.keys, s.values])
      watch.lap(.qkv)
      remember(inputs, layer: index)
      attend(runs, layer: index)
      watch.lap(.attention)
      if let subNorm = layer.attentionSubNorm {
        norm(s.mixed, by: subNorm, into: s.mixed, width: c.attention, n)
        watch.lap(.norms)
      }
      load(s.mixed, into: linear.o, n)
      watch.lap(.quantize)
      linear.o.multiply(by: [layer.o], into: [s.projected])
      watch.lap(.o)

      // Feed-forward: x += down(norm(activation(gate) · up))
      addAndNorm(s.projected, by: layer.ffnNorm, n)
      show(.attention, of: index, n)
      watch.lap(.norms)
      load(s.normed, into: linear.gateUp, n)
      watch.lap(.quantize)
      linear.gateUp.multiply(by: [layer.gate, layer.up], into: [s.gate, s.up])
      watch.lap(.gateUp)
      gateAndNorm(by: layer.ffnSubNorm, n)
      watch.lap(.norms)
      load(s.gate, into: linear.down, n)
      watch.lap(.quantize)
      linear.down.multiply(by: [layer.down], into: [s.projected])
      watch.lap(.down)
      addToResidual(s.projected, n)
      show(.feedForward, of: index, n)
      watch.lap(.norms)
    }

    let logits = logits(of: inputs)
    watch.lap(.head)
    profile.add(watch.profile)
    return logits
  }
}

extension Transformer {
  /// Neighbouring tokens of one sequence.
  private struct Run {
    let token: Int
    let count: Int
    let sequence: Int
    let position: Int
  }

  /// Cuts the inputs where the sequence changes, and into few enough to attend together.
  private func runs(of inputs: [Input]) -> [Run] {
    precondition(!inputs.isEmpty && inputs.count <= limits.tokens, "more tokens than buffers hold")
    precondition(inputs.count(where: \.wantsLogits) <= limits.logits, "more logits than asked for")
    var runs: [Run] = []
    var begin = 0
    for (t, input) in inputs.enumerated() {
      precondition((0..<limits.sequences).contains(input.sequence))
      precondition((0..<limits.positions).contains(input.position), "beyond the last position")
      precondition((0..<configuration.vocabulary).contains(input.token), "no such token")
      let next = t + 1 < inputs.count ? inputs[t + 1] : nil
      let goesOn =
        next.map { $0.sequence == input.sequence && $0.position == input.position + 1 } ?? false
      if goesOn && t + 1 - begin < State.tokensPerRun { continue }
      runs.append(
        Run(
          token: begin, count: t + 1 - begin, sequence: input.sequence,
          position: inputs[begin].position))
      begin = t + 1
    }
    return runs
  }

  /// Runs `body` over the tokens, on several threads where there are several tokens.
  private func eachToken(_ n: Int, _ body: @Sendable (Range<Int>) -> Void) {
    pool.forEach(n) { token, _ in body(token..<token + 1) }
  }

  private func norm(
    _ values: Buffer, by norm: Weights.Norm, into output: Buffer, width: Int, _ n: Int
  ) {
    eachToken(n) { [operations, epsilon = configuration.rmsEpsilon] tokens in
      operations.rmsNorm(
        tokens: tokens, width: width, values: values, weight: norm.weight, epsilon: epsilon,
        into: output)
    }
  }

  private func load(_ values: Buffer, into activations: Activations, _ n: Int) {
    activations.quantize(values, tokens: n)
    activations.prepare()
  }

  private func addToResidual(_ values: Buffer, _ n: Int) {
    eachToken(n) { [operations, width = configuration.hidden, residual = state.residual] in
      operations.add(tokens: $0, width: width, values: values, to: residual)
    }
  }

  private func show(_ half: Half, of layer: Int, _ n: Int) {
    guard let onResidual else { return }
    onResidual(
      layer, half, state.residual.elements(of: Float.self, 0..<n * configuration.hidden))
  }

  /// Adds to the residual and norms it, token by token, so that it is in cache the second time.
  private func addAndNorm(_ values: Buffer, by norm: Weights.Norm, _ n: Int) {
    let (residual, normed, width) = (state.residual, state.normed, configuration.hidden)
    eachToken(n) { [operations, epsilon = configuration.rmsEpsilon] tokens in
      operations.add(tokens: tokens, width: width, values: values, to: residual)
      operations.rmsNorm(
        tokens: tokens, width: width, values: residual, weight: norm.weight, epsilon: epsilon,
        into: normed)
    }
  }

  /// Gates and, where the model does, norms, in the same way.
  private func gateAndNorm(by norm: Weights.Norm?, _ n: Int) {
    let kind: DecoderOperations.Gate = configuration.gate == .relu2 ? .relu2 : .silu
    let (gate, up, width) = (state.gate, state.up, configuration.ffn)
    eachToken(n) { [operations, epsilon = configuration.rmsEpsilon] tokens in
      operations.apply(kind, tokens: tokens, width: width, gate: gate, up: up)
      guard let norm else { return }
      operations.rmsNorm(
        tokens: tokens, width: width, values: gate, weight: norm.weight, epsilon: epsilon,
        into: gate)
    }
  }

  /// Rotates queries and keys by their positions, and stores keys and values.
  private func remember(_ inputs: [Input], layer: Int) {
    let c = configuration
    let rows = inputs.map { input in
      (0..<c.kvHeads).map { head in
        state.keyRow(layer: layer, sequence: input.sequence, head: head) + input.position
      }
    }
    let (queries, keys, values) = (state.queries, state.keys, state.values)
    let (memory, rotary, behind) = (state.memory, state.rotary, state.positions)
    pool.forEach(inputs.count) { [operations] t, _ in
      let position = inputs[t].position
      operations.rotate(
        token: t, position: position, heads: c.heads, headDim: c.headDim, values: queries,
        by: rotary)
      operations.rotate(
        token: t, position: position, heads: c.kvHeads, headDim: c.headDim, values: keys,
        by: rotary)
      for (head, row) in rows[t].enumerated() {
        operations.store(
          token: t, width: c.keysOrValues, head: head, values: keys, into: memory, row: row)
        operations.store(
          token: t, width: c.keysOrValues, head: head, values: values, into: memory,
          row: row + behind)
      }
    }
  }

  /// Attends, a key/value head of a run at a time.
  private func attend(_ runs: [Run], layer: Int) {
    let c = configuration
    let calls = runs.flatMap { run in
      (0..<c.kvHeads).map { head in
        let keys = state.keyRow(layer: layer, sequence: run.sequence, head: head)
        return DecoderOperations.Attention(
          token: run.token, tokens: run.count, visible: run.position + 1, head: head,
          group: c.heads / c.kvHeads, width: c.attention, keyRow: keys,
          valueRow: keys + state.positions)
      }
    }
    let (queries, memory, mixed) = (state.queries, state.memory, state.mixed)
    pool.forEach(calls.count) { [operations, scratch = state.attentionScratch] index, thread in
      operations.attend(
        calls[index], queries: queries, memory: memory, output: mixed,
        scratch: scratch[thread])
    }
  }

  /// Norms the tokens whose logits are wanted and multiplies them by the head.
  private func logits(of inputs: [Input]) -> [[Float]] {
    let c = configuration
    let s = state
    let padded = DecoderOperations.padded(c.hidden)
    let wanted = inputs.indices.filter { inputs[$0].wantsLogits }
    guard !wanted.isEmpty else { return [] }
    for (row, t) in wanted.enumerated() {
      operations.rmsNorm(
        tokens: t..<t + 1, width: c.hidden, values: s.residual, weight: weights.outputNorm.weight,
        epsilon: c.rmsEpsilon, into: s.normed)
      s.headInput.copy(
        from: s.normed, at: t * c.hidden * 4, count: c.hidden * 4, to: row * padded * 4)
    }
    let count = wanted.count
    let pieces = max(1, min(c.vocabulary / Self.rowsPerPiece, pool.threads * 8))
    let (head, input, logits) = (weights.head, s.headInput, s.logits)
    pool.forEach(pieces) { [operations] piece, _ in
      let rows = c.vocabulary * piece / pieces..<c.vocabulary * (piece + 1) / pieces
      operations.multiply(rows: rows, of: head, tokens: count, values: input, into: logits)
    }
    return (0..<count).map { row in
      s.logits.elements(of: Float.self, row * c.vocabulary..<(row + 1) * c.vocabulary)
    }
  }

  /// Rows of the head below which a piece is not worth handing out.
  private static let rowsPerPiece = 64
}

extension Profile {
  mutating func add(_ other: Profile) {
    for part in Part.allCases { self[part] += other[part] }
  }
}
