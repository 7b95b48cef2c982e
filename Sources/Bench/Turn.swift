internal import MPGEMM

/// Work that is set up and waits for its turns, in this process or in a worker.
protocol Turn: AnyObject {
  /// Makes some calls, after one that is not counted if asked for, and returns the mean of their stages.
  func measure(calls: Int, warmUp: Bool) throws(WorkerFailure) -> Sample

  /// Makes some calls and counts what happens in them.
  func count(_ order: CountOrder) throws(WorkerFailure) -> CountAnswer
}

extension Turn {
  /// Only kernels are counted.
  func count(_ order: CountOrder) throws(WorkerFailure) -> CountAnswer {
    CountAnswer(refusal: "only kernels are counted")
  }
}

/// A turn whose calls are made in this very process.
protocol LocalTurn: Turn {
  /// Makes one call and returns how long its stages took.
  func call() -> Sample
  /// Makes one call without a look at the clock.
  func run()
}

extension LocalTurn {
  func measure(calls: Int, warmUp: Bool) throws(WorkerFailure) -> Sample {
    // What ran before has filled the caches; code and tables are warmed again before the clock runs.
    if warmUp { _ = call() }
    var stages = Sample()
    let start = Clock.now()
    for index in 0..<calls {
      // The clock is read within every eighth call only, for the stages' shares of the whole.
      guard index.isMultiple(of: Overhead.callsPerStagedCall) else {
        run()
        continue
      }
      stages.add(call())
    }
    let whole = (Clock.now() - start) / Double(calls)
    let known = stages.quantize + stages.prepare + stages.compute
    let scale = known > 0 ? whole / known : 0
    var sample = stages.scaled(by: scale)
    if known == 0 { sample.compute = Sample.rounded(whole) }
    sample.calls = calls
    return sample
  }
}

/// A kernel on its packed weights.
final class KernelTurn: LocalTurn {
  let multiplication: Multiplication
  let pool: WeightPool
  private let hot: Bool

  init(_ multiplication: Multiplication, pool: WeightPool, hot: Bool) {
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

  func run() {
    let copy = pool.takeCopy(hot: hot)
    multiplication.quantize()
    multiplication.prepare()
    multiplication.compute(pool.packed, copy: copy)
  }
}

/// Reads a pool's copies as the kernels do: same bytes, pages and threads.
final class ReadTurn: LocalTurn {
  private let read: ProbedRead
  private let pool: WeightPool
  private let hot: Bool
  private let threads: ThreadPool
  /// Keeps the sums, so that no read can be left out.
  private(set) var checksum: UInt64 = 0

  init(_ read: ProbedRead, pool: WeightPool, hot: Bool, threads: ThreadPool) {
    self.read = read
    self.pool = pool
    self.hot = hot
    self.threads = threads
  }

  func call() -> Sample {
    let start = Clock.now()
    run()
    return Sample(compute: Clock.now() - start)
  }

  func run() {
    let copy = pool.takeCopy(hot: hot)
    checksum &+= pool.packed.read(
      copy: copy, with: read.probe, prefetchDistance: read.prefetchDistance, threads: threads)
  }
}

/// A read probe, with or without prefetch.
struct ProbedRead: Sendable {
  let probe: ReadProbe
  let prefetchDistance: Int

  /// Far enough ahead of the reader to cover memory latency, near enough to stay in the first cache.
  private static let prefetchDistances = [0, 2048]

  /// Every probe of this CPU but the portable one, where there is another, with and without prefetch.
  static let all: [ProbedRead] = {
    let runnable = ReadProbe.runnable
    let probes = runnable.count > 1 ? runnable.filter { !$0.requiredISA.isEmpty } : runnable
    return probes.flatMap { probe in
      prefetchDistances.map { ProbedRead(probe: probe, prefetchDistance: $0) }
    }
  }()
}
