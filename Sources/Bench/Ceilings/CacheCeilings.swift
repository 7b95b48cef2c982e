internal import MPGEMM
internal import Machine
internal import Synchronization

/// How fast a number of threads reads from each cache, every thread from a buffer of its own.
struct CacheCeilings: Sendable {
  /// One probe's rates on one level.
  struct Rate: Sendable {
    let probe: ReadProbe
    let level: Int
    /// Of all threads' buffers together.
    let bytes: Int
    let gbPerSecond: [Double]
  }

  let rates: [Rate]

  private static let samples = 9
  private static let secondsPerSample = 2e-3
  /// A virtual machine may report a cache of hundreds of MiB that it shares with strangers.
  private static let mostBytes = 16 << 20

  /// Measures the best probes of this CPU on half of each data cache.
  init(measuringOn pool: ThreadPool, caches: [Cache]) {
    let holding = caches.filter { $0.content != .instruction }
    let probes = ReadProbe.runnable.filter { !$0.requiredISA.isEmpty }
    rates = holding.flatMap { cache -> [Rate] in
      // A shared cache is divided among the threads that read it.
      let sharers = max(1, min(cache.sharers, pool.threads))
      let bytes = min(cache.bytes / 2, Self.mostBytes) / sharers / 64 * 64
      guard bytes > 0 else { return [] }
      let buffers = (0..<pool.threads).map { _ in Buffer(count: bytes, placement: .huge) }
      for buffer in buffers { buffer.fill(1) }
      return (probes.isEmpty ? ReadProbe.runnable : probes).map { probe in
        Self.rate(probe, level: cache.level, buffers: buffers, pool: pool)
      }
    }
  }

  private static func rate(
    _ probe: ReadProbe, level: Int, buffers: [Buffer], pool: ThreadPool
  ) -> Rate {
    let bytes = buffers.reduce(0) { $0 + $1.count }
    let sum = Atomic<UInt64>(0)
    let seconds = { (passes: Int) -> Double in
      let start = Clock.now()
      pool.run { thread in
        let buffer = buffers[thread]
        for _ in 0..<passes {
          let part = probe.read(buffer, offset: 0, count: buffer.count, prefetchDistance: 0)
          sum.wrappingAdd(part, ordering: .relaxed)
        }
      }
      return Clock.now() - start
    }
    let passes = max(1, Int(secondsPerSample / max(seconds(1), 1e-7)))
    let warm = max(1, Int(secondsPerSample * Double(passes) / max(seconds(passes), 1e-7)))
    return Rate(
      probe: probe, level: level, bytes: bytes,
      gbPerSecond: (0..<samples).map { _ in
        Double(bytes) * Double(warm) / seconds(warm) * 1e-9
      })
  }
}
