internal import Decoder
internal import MPGEMM

/// The linear layers of a forward pass on one kernel, in the decoder's order and with the decoder's code.
///
/// Each step's input is quantized and prepared once for all matrices that read it. Attention, norms and
/// head are not in it, and the inputs are always the same floats.
final class RingPass {
  private let steps: [Step]

  private struct Step {
    let values: Buffer
    let activations: Activations
    let outputs: [Buffer]
    let outFeatures: [Int]
  }

  /// Readings of the clock that one layer's step has, within a pass whose stages are timed.
  static let readingsPerStep = 3

  private let tokens: Int

  /// Allocates what the kernel needs.
  ///
  /// - Parameters:
  ///   - kernel: What multiplies.
  ///   - ring: The steps.
  ///   - tokens: N.
  ///   - activations: N × K floats for each step.
  ///   - pool: The threads.
  init(
    _ kernel: any KernelChoice, ring: Ring, tokens: Int, activations: [[Float]], pool: ThreadPool
  ) {
    self.tokens = tokens
    steps = zip(ring.steps, activations).map { step, floats in
      let values = Buffer(count: floats.count * MemoryLayout<Float>.stride)
      values.store(floats)
      return Step(
        values: values,
        activations: Activations(
          for: kernel.kernel(for: step, tokens: tokens), inFeatures: step.inFeatures,
          mostTokens: tokens, pool: pool),
        outputs: step.outFeatures.map {
          Buffer(count: tokens * $0 * MemoryLayout<Float>.stride)
        }, outFeatures: step.outFeatures)
    }
  }

  /// Runs some layers and times their stages.
  ///
  /// - Parameters:
  ///   - layers: Which.
  ///   - matrices: A layer's matrices of a step, and which of their copies.
  /// - Returns: Seconds by stage, and those of computing by step.
  func timed(
    _ layers: Range<Int>, _ matrices: (_ layer: Int, _ step: Int) -> ([PackedMatrix], copy: Int)
  ) -> Sample {
    var sample = Sample(steps: [Double](repeating: 0, count: steps.count))
    var last = Clock.now()
    func lap() -> Double {
      let now = Clock.now()
      defer { last = now }
      return now - last
    }
    for layer in layers {
      for (index, step) in steps.enumerated() {
        step.activations.quantize(step.values, tokens: tokens)
        sample.quantize += lap()
        step.activations.prepare()
        sample.prepare += lap()
        let (matrices, copy) = matrices(layer, index)
        step.activations.multiply(by: matrices, copy: copy, into: step.outputs)
        sample.steps[index] += lap()
      }
    }
    sample.compute = sample.steps.reduce(0, +)
    return sample
  }

  /// The same without a look at the clock.
  func run(
    _ layers: Range<Int>, _ matrices: (_ layer: Int, _ step: Int) -> ([PackedMatrix], copy: Int)
  ) {
    for layer in layers {
      for (index, step) in steps.enumerated() {
        step.activations.quantize(step.values, tokens: tokens)
        step.activations.prepare()
        let (matrices, copy) = matrices(layer, index)
        step.activations.multiply(by: matrices, copy: copy, into: step.outputs)
      }
    }
  }

  /// What the last layer has computed: N × M floats of each matrix, in order.
  var result: [Float] {
    steps.flatMap { step in
      zip(step.outputs, step.outFeatures).flatMap { output, rows in
        output.elements(of: Float.self, 0..<tokens * rows)
      }
    }
  }
}

/// One kernel's passes through a ring.
final class RingTurn: LocalTurn {
  private let pass: RingPass
  private let pool: RingPool

  init(_ pass: RingPass, pool: RingPool) {
    self.pass = pass
    self.pool = pool
  }

  func call() -> Sample {
    pass.timed(0..<pool.ring.layers) { [pool] in (pool.steps[$1], pool.copy(ofLayer: $0)) }
  }

  func run() {
    pass.run(0..<pool.ring.layers) { [pool] in (pool.steps[$1], pool.copy(ofLayer: $0)) }
  }

  /// Runs the first block alone, and returns what all of them would take at its speed.
  func callOfOneLayer() -> Sample {
    pass.timed(0..<1) { [pool] in (pool.steps[$1], pool.copy(ofLayer: $0)) }
      .scaled(by: Double(pool.ring.layers))
  }

  func count(_ order: CountOrder) -> CountAnswer {
    CountAnswer(refusal: "a ring is timed, not counted: --cache hot counts its layers")
  }
}

/// Reads a ring's blocks in the order in which kernels do, with the same threads.
final class RingReadTurn: LocalTurn {
  private let read: ProbedRead
  private let pool: RingPool
  private let threads: ThreadPool
  /// Keeps the sums, so that no read can be left out.
  private(set) var checksum: UInt64 = 0

  init(_ read: ProbedRead, pool: RingPool, threads: ThreadPool) {
    self.read = read
    self.pool = pool
    self.threads = threads
  }

  func call() -> Sample {
    let start = Clock.now()
    run()
    return Sample(compute: Clock.now() - start)
  }

  func run() {
    for layer in 0..<pool.ring.layers {
      let copy = pool.copy(ofLayer: layer)
      for matrix in pool.steps.joined() {
        checksum &+= matrix.read(
          copy: copy, with: read.probe, prefetchDistance: read.prefetchDistance, threads: threads)
      }
    }
  }
}
