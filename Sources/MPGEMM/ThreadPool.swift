internal import CKernels
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A fixed team of threads that run one job together; the caller is the first of them.
///
/// Workers spin for a short while after a job, so that the jobs of a decode loop start within a
/// microsecond or two, then sleep. A pool is used by one thread at a time.
public final class ThreadPool: Sendable {
  /// How many threads run a job, the caller included.
  public let threads: Int
  private let team: Team

  /// Starts the workers.
  ///
  /// - Parameters:
  ///   - threads: At least 1; 1 starts no worker.
  ///   - onStart: Called once by each worker, on its thread, with its index from 1: where a host
  ///     pins threads to cores.
  public init(threads: Int, onStart: @escaping @Sendable (Int) -> Void = { _ in }) {
    precondition(threads >= 1)
    self.threads = threads
    team = Team(workers: threads - 1)
    for index in 1..<max(threads, 1) {
      team.start(index: index, onStart: onStart)
    }
  }

  deinit {
    team.stop()
  }

  /// Calls `body` once on each thread with the thread's index, and returns when all have returned.
  public func run(_ body: @Sendable (Int) -> Void) {
    guard threads > 1 else {
      body(0)
      return
    }
    withoutActuallyEscaping(body) { team.run($0) }
  }
}

/// What the workers share with the pool; it outlives the pool until the last worker has left.
private final class Team: @unchecked Sendable {
  // `job` is written before `generation` is raised and read after it was seen raised.
  private var job: (@Sendable (Int) -> Void)?
  private let generation = Atomic<UInt64>(0)
  private let pending = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let stopped = Atomic<Bool>(false)
  private let workers: Int
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>

  /// Pauses before a worker sleeps: some tens of microseconds.
  private static let spins = 4000
  /// Pauses between yields while the caller waits for the last worker.
  private static let spinsPerYield = 2000

  init(workers: Int) {
    self.workers = workers
    mutex = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
  }

  deinit {
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    mutex.deallocate()
  }

  func run(_ body: @escaping @Sendable (Int) -> Void) {
    job = body
    pending.store(workers, ordering: .relaxed)
    raise()
    body(0)
    var spins = 0
    while pending.load(ordering: .acquiring) > 0 {
      mpgemm_spin_pause()
      spins += 1
      if spins % Self.spinsPerYield == 0 { sched_yield() }
    }
    job = nil
  }

  func stop() {
    stopped.store(true, ordering: .relaxed)
    raise()
  }

  /// Announces a job or the end, and wakes whoever sleeps.
  private func raise() {
    generation.add(1, ordering: .sequentiallyConsistent)
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
  }

  /// Waits until the generation is no longer `seen`, and returns the new one.
  private func nextGeneration(after seen: UInt64) -> UInt64 {
    for _ in 0..<Self.spins {
      let now = generation.load(ordering: .acquiring)
      if now != seen { return now }
      mpgemm_spin_pause()
    }
    pthread_mutex_lock(mutex)
    // Sleepers is raised before generation is read, and the other way round in raise().
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while generation.load(ordering: .sequentiallyConsistent) == seen {
      pthread_cond_wait(wake, mutex)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
    return generation.load(ordering: .acquiring)
  }

  private func work(index: Int) {
    var seen: UInt64 = 0
    while true {
      seen = nextGeneration(after: seen)
      if stopped.load(ordering: .relaxed) { return }
      job?(index)
      pending.subtract(1, ordering: .releasing)
    }
  }

  func start(index: Int, onStart: @escaping @Sendable (Int) -> Void) {
    let main = Unmanaged.passRetained(
      Main { [self] in
        onStart(index)
        work(index: index)
      })
    #if canImport(Darwin)
    var thread: pthread_t?
    #else
    var thread = pthread_t()
    #endif
    let error = pthread_create(
      &thread, nil,
      { context in
        #if canImport(Darwin)
        let argument: UnsafeMutableRawPointer? = context
        #else
        let argument = context
        #endif
        guard let argument else { return nil }
        Unmanaged<Main>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, main.toOpaque())
    guard error == 0 else {
      fatalError("cannot start thread \(index): \(String(cString: strerror(error)))")
    }
    #if canImport(Darwin)
    if let thread { pthread_detach(thread) }
    #else
    pthread_detach(thread)
    #endif
  }

  private final class Main {
    let body: () -> Void

    init(_ body: @escaping () -> Void) {
      self.body = body
    }
  }
}
