internal import MPGEMM
internal import Machine
internal import Results

/// How much patience and memory a worker gets.
public struct WorkerLimits: Sendable {
  /// Seconds for an answer, beside the time that the work itself may take.
  public var timeout: Double
  /// Bytes that it may take beyond what it shares with its pool.
  public var memory: Int

  public init(timeout: Double = 60, memory: Int = 2 << 30) {
    self.timeout = timeout
    self.memory = memory
  }

  /// Multiply-adds a second below which a kernel hangs: a fiftieth of what portable code reaches.
  private static let slowest = 2e7
  /// Bytes a second below which packing hangs.
  private static let slowestPacking = 2e7

  /// How long a first call may take.
  func seconds(for shape: Shape) -> Double {
    timeout + Double(shape.multiplyAdds) / Self.slowest
  }

  /// How long a pool may take to be filled.
  func seconds(packing order: PoolOrder) -> Double {
    let weights = Double(order.outFeatures) * Double(order.inFeatures)
    return timeout + (Double(order.poolBytes) + weights) / Self.slowestPacking
  }
}

/// A pool in a process of its own, with a worker process for each kernel: one that dies takes no other along.
final class RemotePoolHost: PoolHost {
  private(set) var pool: PoolReport
  private let order: PoolOrder
  private let limits: WorkerLimits
  private var process: PoolConnection
  private var workers: [String: RemoteWorker] = [:]
  private var caseNumber = 0
  private var currentCase: String?
  private var turnNumber = 0

  /// Starts the process and has it pack.
  init(_ order: PoolOrder, limits: WorkerLimits) throws(WorkerFailure) {
    self.order = order
    self.limits = limits
    process = try PoolConnection(order, limits: limits)
    pool = process.report
  }

  func begin(_ kernel: Kernel, on sweepCase: SweepCase) throws(WorkerFailure) -> Beginning {
    try begin(sweepCase, worker: kernel.name) { $0.kernel = kernel.name }
  }

  func begin(_ read: ProbedRead, on sweepCase: SweepCase) throws(WorkerFailure) -> Beginning {
    // No kernel has this name: theirs have no space.
    try begin(sweepCase, worker: "read probes") {
      $0.probe = read.probe.name
      $0.prefetchDistance = read.prefetchDistance
    }
  }

  private func begin(
    _ sweepCase: SweepCase, worker name: String, _ describe: (inout TurnOrder) -> Void
  ) throws(WorkerFailure) -> Beginning {
    if currentCase != sweepCase.description {
      currentCase = sweepCase.description
      caseNumber += 1
    }
    turnNumber += 1
    var turn = TurnOrder(
      caseNumber: caseNumber, tokens: sweepCase.tokens, threads: sweepCase.threads,
      cache: sweepCase.cache.rawValue)
    describe(&turn)
    let worker = try worker(name)
    return try worker.begin(turnNumber, turn, within: limits.seconds(for: sweepCase.shape))
  }

  /// The living worker of a name, forked anew if it has died, as is the pool if that has.
  private func worker(_ name: String) throws(WorkerFailure) -> RemoteWorker {
    if let worker = workers[name], worker.failure == nil { return worker }
    if process.isGone {
      workers = [:]
      process = try PoolConnection(order, limits: limits)
    }
    let worker = try process.fork(limits)
    workers[name] = worker
    return worker
  }
}

/// The coordinator's end of a pool's process.
final class PoolConnection {
  let report: PoolReport
  private let process: Subprocess
  private let channel: Channel
  private let timeout: Double
  private(set) var isGone = false

  /// The executable of this process; a test runner names another.
  nonisolated(unsafe) static var program = "/proc/self/exe"

  init(_ order: PoolOrder, limits: WorkerLimits) throws(WorkerFailure) {
    timeout = limits.timeout
    let seconds = limits.seconds(packing: order)
    do {
      let sockets = try Subprocess.socketPair()
      channel = Channel(sockets.ours)
      let theirs = Channel(sockets.theirs)
      process = try Subprocess.spawn(
        Self.program, arguments: ["ternbench", "worker"], socket: sockets.theirs)
      theirs.close()
    } catch {
      throw WorkerFailure(
        stage: .starting,
        cause: .refused("\(error.description); --in-process does without processes"))
    }
    do {
      try channel.send(order)
      let answer = try channel.receive(PoolAnswer.self, within: seconds)
      switch answer {
      case .packed(let report): self.report = report
      case .refused(let reason):
        _ = Self.end(process)
        throw WorkerFailure(stage: .starting, cause: .refused(reason))
      }
    } catch let failure as ChannelFailure {
      throw WorkerFailure(
        stage: .packing,
        cause: .init(failure, ending: Self.end(process), seconds: seconds))
    } catch let failure as WorkerFailure {
      throw failure
    } catch {
      preconditionFailure("\(error)")
    }
  }

  // Memory is free for the next group when this returns; the workers die with their parent.
  deinit { _ = Self.end(process) }

  /// Forks a worker that shares the pool.
  func fork(_ limits: WorkerLimits) throws(WorkerFailure) -> RemoteWorker {
    do {
      let sockets = try Subprocess.socketPair()
      let ours = Channel(sockets.ours)
      let theirs = Channel(sockets.theirs)
      try channel.send(PoolCommand.fork)
      try Subprocess.send(descriptor: sockets.theirs, over: channel.socket)
      theirs.close()
      switch try channel.receive(PoolReply.self, within: timeout) {
      case .forked(let id):
        return RemoteWorker(Subprocess(id: id), ours, pool: self, limits: limits)
      case let other: throw Refusal("\(other)")
      }
    } catch {
      isGone = error is ChannelFailure
      let reason = isGone ? "its pool's process is gone (\(error))" : "\(error)"
      throw WorkerFailure(stage: .starting, cause: .refused(reason))
    }
  }

  /// Ends a worker, if it has not ended by itself, and says how it did; nil if the pool has gone too.
  func end(_ worker: Subprocess) -> Subprocess.End? {
    worker.kill()
    do {
      try channel.send(PoolCommand.reap(worker.id))
      switch try channel.receive(PoolReply.self, within: timeout) {
      case .exited(let status): return .exited(status)
      case .signal(let number): return .signal(number)
      default: return nil
      }
    } catch {
      isGone = true
      return nil
    }
  }

  private static func end(_ process: Subprocess) -> Subprocess.End? {
    process.kill()
    return try? process.wait()
  }
}

extension WorkerFailure.Cause {
  /// What a silent process died of; one that was still alive has been ended by us.
  init(_ failure: ChannelFailure, ending: Subprocess.End?, seconds: Double) {
    switch (failure, ending) {
    case (.timedOut, _): self = .timedOut(seconds: seconds)
    case (.garbled(let what), _): self = .refused("its process sent garbage (\(what))")
    case (_, .signal(let number)?): self = .signal(number)
    case (_, .exited(let status)?): self = .exited(status)
    case (_, nil): self = .refused("its process is gone without a trace")
    }
  }
}
