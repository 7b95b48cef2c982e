internal import MPGEMM

/// Seconds of each stage of one call, averaged over a sample's calls.
struct Sample: Sendable {
  var quantize = 0.0
  var prepare = 0.0
  var compute = 0.0
  /// How many calls the sample was averaged over.
  var calls = 1
  /// The sample's place in the run.
  var order = 0

  var time: Double { Sample.rounded(quantize + prepare + compute) }

  /// In steps of 0.1 ns: finer digits would be noise in files.
  static func rounded(_ seconds: Double) -> Double {
    (seconds * 1e10).rounded() / 1e10
  }
}

/// What takes turns within a case: a kernel, or the read probe that is its ceiling.
protocol Participant: AnyObject {
  /// Makes one call and returns how long its stages took.
  func call() -> Sample
  var samples: [Sample] { get set }
  /// A sample averages this many calls.
  var callsPerSample: Int { get set }
  /// Whether a call is short enough that what ran before it would be felt.
  var needsWarmUp: Bool { get }
}

extension Participant {
  /// The seconds measured so far.
  var measuredSeconds: Double {
    samples.reduce(0) { $0 + $1.time * Double($1.calls) }
  }

  private func mean(_ sum: Double) -> Double {
    Sample.rounded(sum / Double(callsPerSample))
  }

  /// Takes one sample: a short call that is not counted, to warm code and tables, then the counted.
  func takeSample(order: Int) {
    if needsWarmUp { _ = call() }
    var sum = Sample(calls: callsPerSample, order: order)
    for _ in 0..<callsPerSample {
      let one = call()
      sum.quantize += one.quantize
      sum.prepare += one.prepare
      sum.compute += one.compute
    }
    sum.quantize = mean(sum.quantize)
    sum.prepare = mean(sum.prepare)
    sum.compute = mean(sum.compute)
    samples.append(sum)
  }
}

/// A kernel on its packed weights.
final class KernelParticipant: Participant {
  let kernel: Kernel
  let multiplication: Multiplication
  let pool: WeightPool
  let hot: Bool
  var samples: [Sample] = []
  var callsPerSample = 1
  var needsWarmUp = true

  init(_ multiplication: Multiplication, pool: WeightPool, hot: Bool) {
    kernel = multiplication.kernel
    self.multiplication = multiplication
    self.pool = pool
    self.hot = hot
  }

  func call() -> Sample {
    let copy = pool.takeCopy(hot: hot)
    let start = Clock.now()
    multiplication.quantize()
    let quantized = Clock.now()
    multiplication.prepare()
    let prepared = Clock.now()
    multiplication.compute(pool.packed, copy: copy)
    let end = Clock.now()
    return Sample(
      quantize: quantized - start, prepare: prepared - quantized, compute: end - prepared)
  }
}

/// Reads a pool's copies as the kernels do: same bytes, pages and threads.
final class ReadParticipant: Participant {
  let probe: ReadProbe
  let prefetchDistance: Int
  let pool: WeightPool
  let hot: Bool
  let threads: ThreadPool
  var samples: [Sample] = []
  var callsPerSample = 1
  let needsWarmUp = true
  /// Keeps the sums, so that no read can be left out.
  private(set) var checksum: UInt64 = 0

  /// Far enough ahead of the reader to cover memory latency, near enough to stay in the first cache.
  static let prefetchDistances = [0, 2048]

  init(
    _ probe: ReadProbe, prefetchDistance: Int, pool: WeightPool, hot: Bool, threads: ThreadPool
  ) {
    self.probe = probe
    self.prefetchDistance = prefetchDistance
    self.pool = pool
    self.hot = hot
    self.threads = threads
  }

  func call() -> Sample {
    let copy = pool.takeCopy(hot: hot)
    let start = Clock.now()
    checksum &+= pool.packed.read(
      copy: copy, with: probe, prefetchDistance: prefetchDistance, threads: threads)
    return Sample(compute: Clock.now() - start)
  }
}
