internal import MPGEMM
internal import Machine
internal import Synchronization

/// Thread pools whose threads sit each on a processor of its own, the caller on the first.
final class ThreadPools {
  private let topology: Topology
  private var pools: [Int: (pool: ThreadPool, cpus: [[Int]])] = [:]
  /// Where the caller might run before it was pinned.
  private var callersCPUs: [Int]?

  init(_ topology: Topology) {
    self.topology = topology
  }

  /// The caller's thread goes on with other work, in tests with that of other tests.
  deinit {
    if let callersCPUs { _ = Affinity.pinCurrentThread(to: callersCPUs) }
  }

  /// The pool of so many threads, made when it is first asked for, and the processors that each of
  /// its threads may run on, as the system says rather than as was asked.
  func pool(_ threads: Int) -> (pool: ThreadPool, cpus: [[Int]]) {
    if let known = pools[threads] { return known }
    let placement = topology.placement.value ?? []
    let allowed = topology.allowed.value ?? []
    let pin = { @Sendable (thread: Int) in
      // A thread without a processor of its own floats, whatever it has inherited.
      let cpus = thread < placement.count ? [placement[thread]] : allowed
      if !cpus.isEmpty { _ = Affinity.pinCurrentThread(to: cpus) }
    }
    callersCPUs = callersCPUs ?? Affinity.ofCurrentThread().value
    pin(0)
    let pool = ThreadPool(threads: threads, onStart: pin)
    let obtained = Mutex([[Int]](repeating: [], count: threads))
    pool.run { thread in
      let cpus = Affinity.ofCurrentThread().value ?? []
      obtained.withLock { $0[thread] = cpus }
    }
    let new = (pool: pool, cpus: obtained.withLock { $0 })
    pools[threads] = new
    return new
  }
}
