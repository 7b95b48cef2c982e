internal import MPGEMM
internal import Statistics

/// How often a number of threads executes each instruction that kernels stand on.
struct InstructionCeilings: Sendable {
  /// One probe's rates.
  struct Rate: Sendable {
    let probe: ThroughputProbe
    let threads: Int
    /// Scalar operations of all threads together, in 1e9 a second.
    let median: Double
    /// The ceiling is the best that was seen: what disturbs a probe only makes it slower.
    let best: Double
    let samples: Int
  }

  let rates: [Rate]

  private static let samples = 9
  /// Long against the clock and against the start of a pool's threads.
  private static let secondsPerSample = 2e-3

  /// Measures every probe that this CPU can run.
  init(measuringOn pool: ThreadPool) {
    rates = ThroughputProbe.runnable.map { probe in
      let turns = Self.turns(of: probe)
      let gops = (0..<Self.samples).map { _ in
        let seconds = Self.seconds(pool) { probe.run(turns: turns) }
        return Double(turns) * Double(probe.operationsPerTurn) * Double(pool.threads)
          / seconds * 1e-9
      }
      return Rate(
        probe: probe, threads: pool.threads, median: Statistics.median(gops),
        best: gops.max() ?? 0, samples: gops.count)
    }
  }

  /// Takes rates that were measured before.
  init(rates: [Rate]) {
    self.rates = rates
  }

  private static func turns(of probe: ThroughputProbe) -> Int {
    var turns = 1000
    // Twice: the first call may find the wide units asleep.
    for _ in 0..<2 {
      let start = Clock.now()
      probe.run(turns: turns)
      let seconds = max(Clock.now() - start, 1e-7)
      turns = max(1000, Int(Double(turns) * secondsPerSample / seconds))
    }
    return turns
  }

  /// Waking the threads is in it, which is microseconds of the milliseconds that a sample takes.
  private static func seconds(_ pool: ThreadPool, _ body: @Sendable () -> Void) -> Double {
    let start = Clock.now()
    pool.run { _ in body() }
    return Clock.now() - start
  }
}

extension InstructionCeilings {
  /// The ceiling that binds a kernel's call, and the least time that it allows.
  struct Binding: Equatable {
    /// "read", or the instruction's probe.
    let name: String
    let seconds: Double
  }

  /// The operations that one instruction does and no other does on the side.
  ///
  /// Additions are not among them: a dot-product instruction adds what it multiplies.
  private static let bindingOperations: [ScalarOperation] = [
    .multiplyInt8, .lookup, .multiplyFloat32,
  ]

  /// Finds what binds: the slowest of reading the weights and of each operation on its best instruction.
  ///
  /// Only what the kernel declares and a probe of its instruction sets does is known, so the true
  /// ceiling may be lower, never higher.
  ///
  /// - Parameters:
  ///   - kernel: Its instruction sets.
  ///   - count: How many of a kind its call executes.
  ///   - packedBytes: The weights, which are read at least once.
  ///   - readGBPerSecond: What a probe read in the same case; nil if unknown.
  /// - Returns: Nil if nothing is known.
  func binding(
    of kernel: Kernel, operations count: (ScalarOperation) -> Double, packedBytes: Int,
    readGBPerSecond: Double?
  ) -> Binding? {
    let reading = readGBPerSecond.map {
      Binding(name: "read", seconds: Double(packedBytes) / $0 * 1e-9)
    }
    let operations = Self.bindingOperations.compactMap { operation -> Binding? in
      let count = count(operation)
      let best = rates.filter {
        $0.probe.operation == operation && $0.best > 0
          && kernel.mayExecute($0.probe)
      }.max { $0.best < $1.best }
      guard count > 0, let best else { return nil }
      return Binding(name: best.probe.name, seconds: count / best.best * 1e-9)
    }
    return ([reading].compactMap(\.self) + operations).max { $0.seconds < $1.seconds }
  }
}
