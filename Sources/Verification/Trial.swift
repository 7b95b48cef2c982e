internal import MPGEMM

/// One kernel on one problem, at the level of the contract, in buffers that end at guard pages.
struct Trial {
  let kernel: Kernel
  let problem: Problem
  let shape: Shape
  let plan: Plan
  let input: KernelInput
  /// Two packings of the same weights over different garbage; the first is only compared with.
  private let packed: Buffer
  private let moved: Buffer
  private let prepared: Buffer
  private let weightScales: Buffer
  private let outputStride: Int

  init(_ kernel: Kernel, _ problem: Problem) {
    self.kernel = kernel
    self.problem = problem
    shape = problem.shape
    plan = kernel.plan(shape)
    input = KernelInput(guarding: problem, for: kernel.activation)
    let size = kernel.packedSize(outFeatures: shape.outFeatures, inFeatures: shape.inFeatures)
    packed = Buffer(count: size, placement: .guarded, alignment: kernel.packedAlignment)
    moved = Buffer(count: size, placement: .guarded, alignment: kernel.packedAlignment)
    prepared = Buffer(count: plan.preparedBytes, placement: .guarded)
    weightScales = Buffer(
      count: problem.weightScales.count * MemoryLayout<Float>.stride, placement: .guarded)
    weightScales.store(problem.weightScales)
    outputStride = Self.stride(length: shape.outFeatures, rows: shape.tokens, elementBytes: 4)
  }

  var wholeTile: Tile { Tile(rows: 0..<shape.outFeatures, tokens: 0..<shape.tokens) }

  // MARK: Plan, pack, prepare

  func planDeviation() -> Deviation? {
    let again = kernel.plan(shape)
    if plan != again { return Deviation(.plan, got: again, wanted: plan) }
    let taller = kernel.plan(
      Shape(
        outFeatures: shape.outFeatures + 1, tokens: shape.tokens, inFeatures: shape.inFeatures))
    if taller.preparedBytes != plan.preparedBytes
      || taller.prepareTokenStep != plan.prepareTokenStep
      || taller.prepareInputStep != plan.prepareInputStep
    {
      return Deviation(.plan, got: taller, wanted: "prepare fields that ignore M: \(plan)")
    }
    let isUsable =
      plan.rowStep >= 1 && plan.tokenStep >= 1 && plan.bestRows >= 1 && plan.bestTokens >= 1
      && plan.bestRows % plan.rowStep == 0 && plan.bestTokens % plan.tokenStep == 0
    return isUsable
      ? nil : Deviation(.plan, got: plan, wanted: "steps of at least 1 and multiples of them")
  }

  /// Packs twice over different garbage, moves one by copy, and unpacks it.
  func packDeviation() -> Deviation? {
    packed.fill(0xA5)
    kernel.pack(problem.weights, into: packed)
    let other = Buffer(
      count: packed.count, placement: .guarded, alignment: kernel.packedAlignment)
    other.fill(0x5A)
    kernel.pack(problem.weights, into: other)
    if let byte = packed.firstDifference(from: other) {
      return Deviation(.packedBytes, got: "two values of byte \(byte)", wanted: "one")
    }
    moved.copy(other)
    let weights = kernel.unpack(
      moved, outFeatures: shape.outFeatures, inFeatures: shape.inFeatures)
    guard weights != problem.weights.values else { return nil }
    let k = shape.inFeatures
    let wrong = weights.indices.first { weights[$0] != problem.weights.values[$0] } ?? 0
    return Deviation(
      .unpack, row: wrong / k, got: "\(weights[wrong]) at input \(wrong % k)",
      wanted: problem.weights.values[wrong])
  }

  /// Prepares whole, and in the smallest ranges in a shuffled order over other garbage.
  func prepareDeviation() -> Deviation? {
    prepared.fill(0xFF)
    kernel.prepare(
      PrepareRange(tokens: 0..<shape.tokens, inputs: 0..<shape.inFeatures), of: input,
      shape: shape, into: prepared)
    let other = Buffer(count: plan.preparedBytes, placement: .guarded)
    other.fill(0x33)
    let tokens = Self.cuts(of: shape.tokens, step: plan.prepareTokenStep)
    let inputs = Self.cuts(of: shape.inFeatures, step: plan.prepareInputStep)
    for range in shuffled(tokens, inputs) {
      kernel.prepare(
        PrepareRange(tokens: range.0, inputs: range.1), of: input, shape: shape, into: other)
    }
    return prepared.firstDifference(from: other).map {
      Deviation(.preparedBytes, got: "two values of byte \($0)", wanted: "one")
    }
  }

  // MARK: Compute

  /// Computes all as one tile, over outputs and scratch filled with garbage.
  func computeWhole(garbage: UInt8) -> Buffer {
    let output = outputBuffer()
    kernel.compute(
      wholeTile, of: call(prepared, output), scratch: scratchBuffer(garbage: garbage))
    return output
  }

  /// Repeats with other garbage, and with the prepared bytes moved.
  func repeatDeviation(from whole: Buffer) -> Deviation? {
    let output = outputBuffer()
    let copy = Buffer(count: prepared.count, placement: .guarded)
    copy.copy(prepared)
    kernel.compute(wholeTile, of: call(copy, output), scratch: scratchBuffer(garbage: 0x01))
    return difference(.scratch, outputs(of: output), wanted: outputs(of: whole))
  }

  /// Computes in the smallest tiles in a shuffled order, and some tiles each by itself.
  func tileDeviation(from whole: Buffer) -> Deviation? {
    let rows = Self.cuts(of: shape.outFeatures, step: plan.rowStep)
    let tokens = Self.cuts(of: shape.tokens, step: plan.tokenStep)
    let tiles = shuffled(rows, tokens).map { Tile(rows: $0.0, tokens: $0.1) }
    let output = outputBuffer()
    let scratch = scratchBuffer(garbage: 0x80)
    for tile in tiles { kernel.compute(tile, of: call(prepared, output), scratch: scratch) }
    let wanted = outputs(of: whole)
    if let found = difference(.tiles, outputs(of: output), wanted: wanted) { return found }

    // From one small tile's beginning to the end of another: tiles of any legal size.
    let pairs = zip(tiles.prefix(3), tiles.suffix(3))
    let unions = pairs.map { a, b in
      Tile(
        rows: min(a.rows.lowerBound, b.rows.lowerBound)..<max(a.rows.upperBound, b.rows.upperBound),
        tokens: min(
          a.tokens.lowerBound, b.tokens.lowerBound)..<max(a.tokens.upperBound, b.tokens.upperBound))
    }
    for tile in tiles.prefix(2) + unions {
      let output = outputBuffer()
      kernel.compute(tile, of: call(prepared, output), scratch: scratch)
      if let found = outsideDeviation(in: output, written: tile)
        ?? difference(.tiles, outputs(of: output), wanted: wanted, within: tile)
      {
        return found
      }
    }
    return nil
  }

  /// Whether anything has written to the packed weights.
  func packedDamage() -> Deviation? {
    packed.firstDifference(from: moved).map {
      Deviation(.packedDamage, got: "another value of byte \($0)", wanted: "the packed one")
    }
  }

  // MARK: Outputs

  /// What outputs hold before they are written: a NaN, so that reading one shows.
  private static let unwritten = UInt32.max

  /// The first output outside a tile that is written, padding between tokens included.
  func outsideDeviation(in output: Buffer, written tile: Tile) -> Deviation? {
    let values = output.elements(of: UInt32.self)
    for (index, value) in values.enumerated() where value != Self.unwritten {
      let (token, row) = index.quotientAndRemainder(dividingBy: outputStride)
      guard tile.rows.contains(row), tile.tokens.contains(token) else {
        return Deviation(
          .outside, row: row, token: token, got: Float(bitPattern: value), wanted: "nothing")
      }
    }
    return nil
  }

  /// N × M outputs without the padding between tokens.
  func outputs(of output: Buffer) -> [Float] {
    let values = output.elements(of: Float.self)
    return (0..<shape.tokens).flatMap {
      values[$0 * outputStride..<$0 * outputStride + shape.outFeatures]
    }
  }

  func difference(
    _ rule: Rule, _ result: [Float], wanted: [Float], within tile: Tile? = nil,
    swapped: Bool = false
  ) -> Deviation? {
    Self.difference(
      rule, result, wanted: wanted, rows: shape.outFeatures, within: tile, swapped: swapped)
  }

  /// The first output whose bits differ.
  static func difference(
    _ rule: Rule, _ result: [Float], wanted: [Float], rows: Int, within tile: Tile? = nil,
    swapped: Bool = false
  ) -> Deviation? {
    for (index, (got, want)) in zip(result, wanted).enumerated()
    where got.bitPattern != want.bitPattern {
      let (token, row) = index.quotientAndRemainder(dividingBy: rows)
      if let tile, !tile.rows.contains(row) || !tile.tokens.contains(token) { continue }
      return Deviation(
        rule, row: row, token: token, got: swapped ? want : got, wanted: swapped ? got : want)
    }
    return nil
  }

  // MARK: Buffers and cuts

  private func call(_ prepared: Buffer, _ output: Buffer) -> KernelCall {
    KernelCall(
      shape: shape, packed: moved, prepared: prepared, input: input, weightScales: weightScales,
      scalesPerRow: problem.weightScales.count > 1, output: output, outputStride: outputStride)
  }

  private func outputBuffer() -> Buffer {
    let elements = (shape.tokens - 1) * outputStride + shape.outFeatures
    let output = Buffer(count: elements * MemoryLayout<Float>.stride, placement: .guarded)
    output.fill(0xFF)
    return output
  }

  private func scratchBuffer(garbage: UInt8) -> Buffer {
    let scratch = Buffer(count: plan.scratchBytes, placement: .guarded)
    scratch.fill(garbage)
    return scratch
  }

  /// Every pair, in an order that the problem's seed decides.
  private func shuffled(
    _ a: [Range<Int>], _ b: [Range<Int>]
  ) -> [(Range<Int>, Range<Int>)] {
    var random = SplitMix64(seed: problem.seed)
    return a.flatMap { a in b.map { (a, $0) } }.shuffled(using: &random)
  }

  /// Cuts at a step, doubled until there are at most 64 pieces; step 0 stays whole.
  private static func cuts(of size: Int, step: Int) -> [Range<Int>] {
    guard step > 0 else { return [0..<size] }
    var step = step
    while size / step > 64 { step *= 2 }
    return Swift.stride(from: 0, to: size, by: step).map { $0..<min($0 + step, size) }
  }

  /// A distance between rows, longer than a row, that lets the last row end at the guard page.
  static func stride(length: Int, rows: Int, elementBytes: Int) -> Int {
    let aligned = Buffer.alignment / elementBytes
    let candidates = length + 1...length + aligned
    return candidates.min { slack($0) < slack($1) } ?? length + 1

    func slack(_ stride: Int) -> Int {
      let end = (rows - 1) * stride + length
      return (aligned - end % aligned) % aligned
    }
  }
}

extension KernelInput {
  /// Puts a problem's activations into guarded buffers, with garbage between the tokens.
  fileprivate init(guarding problem: Problem, for activation: Kernel.Activation) {
    let tokens = problem.shape.tokens
    let k = problem.shape.inFeatures
    func spread<Element: BitwiseCopyable>(
      _ values: [Element], garbage: Element
    ) -> (buffer: Buffer, stride: Int) {
      let size = MemoryLayout<Element>.stride
      let stride = Trial.stride(length: k, rows: tokens, elementBytes: size)
      var elements = [Element](repeating: garbage, count: (tokens - 1) * stride + k)
      for token in 0..<tokens {
        let begin = token * stride
        elements.replaceSubrange(begin..<begin + k, with: values[token * k..<(token + 1) * k])
      }
      return (Self.guarded(elements), stride)
    }
    guard let largestCode = activation.largestCode else {
      let (values, stride) = spread(problem.activations, garbage: Float.nan)
      self.init(values: values, stride: stride)
      return
    }
    let quantized = QuantizedTokens(
      problem.activations, tokens: tokens, largestCode: Float(largestCode))
    let (codes, stride) = spread(quantized.codes, garbage: Int8.min)
    self.init(
      values: codes, stride: stride, scales: Self.guarded(quantized.scales),
      sums: Self.guarded(quantized.sums))
  }

  private static func guarded<Element: BitwiseCopyable>(_ values: [Element]) -> Buffer {
    let buffer = Buffer(
      count: values.count * MemoryLayout<Element>.stride, placement: .guarded)
    buffer.store(values)
    return buffer
  }
}
