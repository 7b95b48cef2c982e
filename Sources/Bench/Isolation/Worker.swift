internal import Foundation
internal import MPGEMM
internal import Machine
internal import Results

/// A forked process that runs one kernel, or the read probes, of a pool: it sleeps until it is its turn.
struct Worker {
  private let host: any LocalHost
  private let order: PoolOrder
  private let channel: Channel
  private let kernels: [Kernel]

  init(_ host: any LocalHost, _ order: PoolOrder, _ kernels: [Kernel], _ channel: Channel) {
    self.host = host
    self.order = order
    self.kernels = kernels
    self.channel = channel
  }

  /// Serves until the coordinator closes the socket; never returns.
  func serve() -> Never {
    var turns: [Int: any LocalTurn] = [:]
    var caseNumber = 0
    do {
      while true {
        switch try channel.receive(WorkerCommand.self) {
        case .begin(let number, let order):
          if order.caseNumber != caseNumber { turns = [:] }
          caseNumber = order.caseNumber
          let beginning: Beginning
          do {
            beginning = try begin(order)
          } catch {
            try channel.send(WorkerReply.refused("\(error)"))
            continue
          }
          turns[number] = beginning.turn as? any LocalTurn
          try channel.send(WorkerReply.begun(beginning.first, cpus: beginning.cpus))
          try channel.send(floats: beginning.result)
        case .measure(let number, let calls, let warmUp):
          guard let turn = turns[number] else {
            try channel.send(WorkerReply.refused("no turn \(number)"))
            continue
          }
          try channel.send(
            WorkerReply.measured(try turn.measure(calls: calls, warmUp: warmUp)))
        case .count(let number, let order):
          guard let turn = turns[number] else {
            try channel.send(WorkerReply.refused("no turn \(number)"))
            continue
          }
          try channel.send(WorkerReply.counted(try turn.count(order)))
        }
      }
    } catch {
      exitProcess(0)
    }
  }

  private func begin(_ turn: TurnOrder) throws -> Beginning {
    guard let cache = CacheRegime(rawValue: turn.cache) else {
      throw Refusal("no cache regime \(turn.cache)")
    }
    let sweepCase = SweepCase(
      target: order.target, tokens: turn.tokens, threads: turn.threads, cache: cache)
    if let kernel = turn.kernel {
      return try host.begin(try kernels.named(kernel), on: sweepCase)
    }
    guard let probe = ReadProbe.all.first(where: { $0.name == turn.probe }) else {
      throw Refusal("no probe \(turn.probe ?? "")")
    }
    return try host.begin(
      ProbedRead(probe: probe, prefetchDistance: turn.prefetchDistance), on: sweepCase)
  }
}

/// Ends a forked process without running what its parent has registered for its own end.
func exitProcess(_ status: Int32) -> Never {
  _exit(status)
}
