internal import Machine

/// The coordinator's end of a worker process.
final class RemoteWorker {
  private let process: Subprocess
  private let channel: Channel
  private let pool: PoolConnection
  private let limits: WorkerLimits
  /// What it occupied when it began, most of it shared with the pool.
  private let initialBytes: Int
  /// Why it answers no more.
  private(set) var failure: WorkerFailure?

  init(_ process: Subprocess, _ channel: Channel, pool: PoolConnection, limits: WorkerLimits) {
    self.process = process
    self.channel = channel
    self.pool = pool
    self.limits = limits
    initialBytes = process.residentBytes ?? 0
  }

  /// Sets a turn up, and waits for its first call and its result.
  func begin(
    _ number: Int, _ order: TurnOrder, within seconds: Double
  ) throws(WorkerFailure) -> Beginning {
    let reply = try request(
      .begin(turn: number, order), .verifying, within: seconds)
    guard case .begun(let first, let cpus) = reply else { throw fail(.verifying, reply) }
    do {
      let result = try channel.receiveFloats(within: limits.timeout)
      return Beginning(
        turn: RemoteTurn(number, self, callSeconds: first.time), first: first, result: result,
        cpus: cpus)
    } catch {
      throw fail(.verifying, error, seconds: limits.timeout)
    }
  }

  /// Has it make calls, of about `callSeconds` each.
  func measure(
    _ number: Int, calls: Int, warmUp: Bool, callSeconds: Double
  ) throws(WorkerFailure) -> Sample {
    // A call may take twenty times as long as the first and is yet no hang.
    let seconds = limits.timeout + 20 * Double(calls + 1) * callSeconds
    let reply = try request(
      .measure(turn: number, calls: calls, warmUp: warmUp), .measuring, within: seconds)
    guard case .measured(let sample) = reply else { throw fail(.measuring, reply) }
    return sample
  }

  /// Has it count calls of about `callSeconds` each.
  func count(
    _ number: Int, _ order: CountOrder, callSeconds: Double
  ) throws(WorkerFailure) -> CountAnswer {
    let seconds = limits.timeout + order.seconds + 20 * Double(order.calls + 1) * callSeconds
    let reply = try request(.count(turn: number, order), .measuring, within: seconds)
    guard case .counted(let answer) = reply else { throw fail(.measuring, reply) }
    return answer
  }

  private func request(
    _ command: WorkerCommand, _ stage: WorkerFailure.Stage, within seconds: Double
  ) throws(WorkerFailure) -> WorkerReply {
    if let failure { throw failure }
    do {
      try channel.send(command)
      return try channel.receive(WorkerReply.self, within: seconds, watch: keepsToItsMemory)
    } catch {
      throw fail(stage, error, seconds: seconds)
    }
  }

  private func keepsToItsMemory() -> Bool {
    (process.residentBytes ?? 0) - initialBytes <= limits.memory
  }

  private func fail(
    _ stage: WorkerFailure.Stage, _ failure: ChannelFailure, seconds: Double
  ) -> WorkerFailure {
    let ending = pool.end(process)
    let cause: WorkerFailure.Cause =
      failure == .calledOff
      ? .outOfMemory(limit: limits.memory) : .init(failure, ending: ending, seconds: seconds)
    let new = WorkerFailure(stage: stage, cause: cause)
    self.failure = new
    return new
  }

  /// For an answer to something else, or a refusal: the process is of no more use.
  private func fail(_ stage: WorkerFailure.Stage, _ reply: WorkerReply) -> WorkerFailure {
    _ = pool.end(process)
    let reason = if case .refused(let reason) = reply { reason } else { "it answered \(reply)" }
    let new = WorkerFailure(stage: stage, cause: .refused(reason))
    failure = new
    return new
  }
}

/// A turn that a worker process makes.
final class RemoteTurn: Turn {
  private let number: Int
  private let worker: RemoteWorker
  private let callSeconds: Double

  init(_ number: Int, _ worker: RemoteWorker, callSeconds: Double) {
    self.number = number
    self.worker = worker
    self.callSeconds = callSeconds
  }

  func measure(calls: Int, warmUp: Bool) throws(WorkerFailure) -> Sample {
    try worker.measure(number, calls: calls, warmUp: warmUp, callSeconds: callSeconds)
  }

  func count(_ order: CountOrder) throws(WorkerFailure) -> CountAnswer {
    try worker.count(number, order, callSeconds: callSeconds)
  }
}
