public import Decoder
internal import Machine
public import MPGEMM
public import Results
internal import Statistics

/// Measures a transformer as it is used: a prompt at once, then token after token.
public struct DecodeBenchmark {
  private let transformer: Transformer
  private let pool: ThreadPool
  private let promptTokens: Int
  private let generated: Int
  private let batch: Int
  private let seed: UInt64

  /// Steps that only warm up.
  static let warmUpSteps = 2
  /// So many steps, then half as many passes through the linear layers alone: both meet the same machine.
  static let stepsPerTurn = 4
  /// Passes of a probe over all weights; the best counts.
  static let readPasses = 2

  /// Makes a benchmark of one case.
  ///
  /// - Parameters:
  ///   - transformer: With room for `batch` sequences of all positions of the case.
  ///   - pool: The transformer's threads.
  ///   - promptTokens: Tokens of each sequence's prompt.
  ///   - generated: Measured steps.
  ///   - batch: Sequences side by side.
  ///   - seed: What the prompts are made from.
  public init(
    _ transformer: Transformer, threads pool: ThreadPool, promptTokens: Int, generated: Int,
    batch: Int, seed: UInt64
  ) {
    self.transformer = transformer
    self.pool = pool
    self.promptTokens = promptTokens
    self.generated = generated
    self.batch = batch
    self.seed = seed
  }

  /// Positions that a case of so many tokens takes.
  public static func positions(promptTokens: Int, generated: Int) -> Int {
    promptTokens + warmUpSteps + generated
  }

  /// What a row says of layers that are used in rotation; empty where none are.
  ///
  /// - Parameters:
  ///   - weights: With fewer layers than the model has, or as many.
  ///   - layers: How many the model has.
  ///   - lastLevelCache: Its bytes, where they are known.
  /// - Returns: What is computed of which layers, and whether they may stay in caches.
  public static func rotation(of weights: Weights, layers: Int, lastLevelCache: Int?) -> String {
    let distinct = weights.layers.count
    guard distinct < layers else { return "" }
    let note =
      "\(distinct) of \(layers) layers in memory, used in rotation: a step computes all \(layers), so no "
      + "time is extrapolated"
    let cold = lastLevelCache.map { 2 * $0 } ?? WeightPool.leastBytes
    guard weights.ternaryBytes < min(cold, WeightPool.mostBytes) else {
      return note
    }
    return note
      + "; their \(weights.ternaryBytes / 1_000_000) MB may stay in caches, so that a step "
      + "may read faster than it would all layers"
  }

  /// Measures the case into a row.
  public func run(into row: inout DecodeRow) {
    let readBefore = readSeconds()
    var tokens = prefill(into: &row)
    for warmUp in 0..<Self.warmUpSteps {
      tokens = step(tokens, position: promptTokens + warmUp)
    }
    let ring = DecoderRing(transformer, tokens: batch, seed: seed, threads: pool)
    _ = ring.seconds()
    let begin = transformer.profile
    var seconds: [Double] = []
    var linear: [Double] = []
    var other: [Double] = []
    var passes: [Double] = []
    for index in 0..<generated {
      let before = transformer.profile
      let start = Clock.now()
      tokens = step(tokens, position: promptTokens + Self.warmUpSteps + index)
      seconds.append(Clock.now() - start)
      let parts = transformer.profile.since(before)
      linear.append(Part.linear.reduce(0) { $0 + parts[$1] })
      other.append(parts.total - linear[index])
      guard (index + 1).isMultiple(of: Self.stepsPerTurn) || index + 1 == generated else {
        continue
      }
      for _ in 0..<(Self.stepsPerTurn + 1) / 2 { passes.append(ring.seconds()) }
    }
    row.linearSeconds = Statistics.median(linear)
    row.otherSeconds = Statistics.median(other)
    row.ringSeconds = Statistics.median(passes)
    row.ringMdAPE = Statistics.medianAbsoluteRelativeError(passes)
    row.stepSeconds = Statistics.median(seconds)
    row.stepSecondsMdAPE = Statistics.medianAbsoluteRelativeError(seconds)
    row.stepSecondsP99 = Self.percentile(99, of: seconds)
    fillParts(&row, from: begin)
    fillBytes(&row)
    fillEnergy(&row, tokens: tokens)
    let read = min(readBefore, readSeconds())
    row.readGBPerSecond = Double(row.ternaryBytes + row.headBytes) / read / 1e9
  }

  /// Runs every sequence's prompt; the first one's is measured, behind a run that warms up.
  private func prefill(into row: inout DecodeRow) -> [Int] {
    var random = SplitMix64(seed: seed)
    let vocabulary = UInt64(transformer.configuration.vocabulary)
    let prompts = (0..<batch).map { _ in
      (0..<promptTokens).map { _ in Int(random.next() % vocabulary) }
    }
    _ = transformer.prefill(prompts[0])
    let start = Clock.now()
    let logits = transformer.prefill(prompts[0])
    row.prefillSeconds = Clock.now() - start
    var tokens = [TokenSampler.likeliest(logits)]
    row.firstTokenSeconds = Clock.now() - start
    for sequence in 1..<max(batch, 1) {
      tokens.append(
        TokenSampler.likeliest(transformer.prefill(prompts[sequence], sequence: sequence)))
    }
    return tokens
  }

  /// One token of every sequence.
  private func step(_ tokens: [Int], position: Int) -> [Int] {
    transformer.forward(
      tokens.enumerated().map { sequence, token in
        Transformer.Input(
          token: token, sequence: sequence, position: position, wantsLogits: true)
      }
    ).map { TokenSampler.likeliest($0) }
  }

  /// The value that so many percent of the values do not exceed.
  static func percentile(_ percent: Int, of values: [Double]) -> Double {
    let rank = (values.count * percent + 99) / 100
    return values.sorted()[max(rank, 1) - 1]
  }

  private func fillParts(_ row: inout DecodeRow, from begin: Profile) {
    let spent = transformer.profile.since(begin)
    func mean(_ part: Part) -> Double { spent[part] / Double(generated) }
    row.quantizeSeconds = mean(.quantize)
    row.qkvSeconds = mean(.qkv)
    row.oSeconds = mean(.o)
    row.gateUpSeconds = mean(.gateUp)
    row.downSeconds = mean(.down)
    row.attentionSeconds = mean(.attention)
    row.normsSeconds = mean(.norms)
    row.headSeconds = mean(.head)
  }

  /// What a step reads: all weights once, and the keys and values of all positions so far.
  private func fillBytes(_ row: inout DecodeRow) {
    let c = transformer.configuration
    let weights = transformer.weights
    row.ternaryBytes = (0..<c.layers).reduce(0) { sum, layer in
      let matrices = weights.layers[layer % weights.layers.count].matrices
      return matrices.reduce(sum) { $0 + $1.packedBytes }
    }
    row.headBytes = weights.head.byteCount
    let rows = 2 * c.layers * c.kvHeads
    row.memoryBytes =
      batch * rows * meanPositions * transformer.limits.memory.rowBytes(headDim: c.headDim)
  }

  /// Step i sees promptTokens + warm-up + i + 1 positions.
  private var meanPositions: Int { promptTokens + Self.warmUpSteps + (generated + 1) / 2 }

  /// The machine's meter: opened, and the idle machine measured, once.
  private static let meter = KernelMeter(EnergyMeter.open())

  /// A token's share of what a step takes, by the model and by the meter, each with its source or its reason.
  private func fillEnergy(_ row: inout DecodeRow, tokens: [Int]) {
    do {
      let modelled = try StepEnergy(
        transformer, batch: batch, positions: meanPositions, memoryBytes: row.memoryBytes)
      row.modelledJoulesLeast = modelled.joules.lowerBound / Double(batch)
      row.modelledJoulesMost = modelled.joules.upperBound / Double(batch)
      row.modelledSource = modelled.source
    } catch {
      row.modelledReason = "\(error)"
    }
    // The last step again: positions are as many as were asked for, and a meter's window may be longer.
    let last = promptTokens + Self.warmUpSteps + generated - 1
    let energy = Self.meter.energy(callSeconds: row.stepSeconds) { steps in
      for _ in 0..<steps { _ = step(tokens, position: last) }
    }
    row.measuredJoules = energy.netJoules.map { $0 / Double(batch) }
    row.grossJoules = energy.grossJoules.map { $0 / Double(batch) }
    row.energySource = energy.source
    row.energyReason = energy.reason
    row.idleWatts = energy.idleWatts
    row.energyWindowSeconds = energy.windowSeconds
  }

  /// Seconds to read the weights once, by the best probe.
  private func readSeconds() -> Double {
    var best = Double.infinity
    for read in ProbedRead.all {
      for _ in 0..<Self.readPasses {
        let start = Clock.now()
        checksums.sum &+= transformer.weights.read(
          layers: transformer.configuration.layers, with: read.probe,
          prefetchDistance: read.prefetchDistance, threads: pool)
        best = min(best, Clock.now() - start)
      }
    }
    return best
  }

  /// Keeps the probes' sums, so that no read can be left out.
  private let checksums = Checksums()

  private final class Checksums {
    var sum: UInt64 = 0
  }
}
