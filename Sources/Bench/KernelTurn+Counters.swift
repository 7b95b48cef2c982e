internal import MPGEMM
internal import Machine
internal import Synchronization

/// What to count of a turn, and with what.
struct CountOrder: Codable, Sendable {
  private let sourceName: String
  let stepLimit: Int
  /// How many calls to count.
  let calls: Int

  /// Counters that take turns with others need about this long.
  private static let secondsToCount = 0.1
  private static let mostCalls = 1000
  /// What a single step may take where many processes compete.
  private static let secondsPerStep = 2e-4

  init(source: CounterChoice, stepLimit: Int, callSeconds: Double) {
    sourceName = source.rawValue
    self.stepLimit = stepLimit
    let wanted = Self.secondsToCount / max(callSeconds, 1e-9)
    calls = source == .step || source == .plugin ? 1 : max(1, min(Self.mostCalls, Int(wanted)))
  }

  var source: CounterChoice { CounterChoice(rawValue: sourceName) ?? .none }

  /// How long counting may take beside the calls themselves.
  var seconds: Double {
    source == .step ? Double(Stage.allCases.count * stepLimit) * Self.secondsPerStep : 10
  }
}

/// What was counted of a turn, or why nothing was.
struct CountAnswer: Codable, Sendable {
  var readings: [CounterReading] = []
  var refusal: String?
}

extension KernelTurn {
  func count(_ order: CountOrder) -> CountAnswer {
    switch Self.source(order) {
    case .unavailable(let reason): CountAnswer(refusal: reason)
    case .value(let source): CountAnswer(readings: source.count(work(calls: order.calls)))
    }
  }

  /// The turn's calls, whole and in stages.
  private func work(calls: Int) -> CountedWork {
    CountedWork(
      threads: multiplication.threads, calls: calls,
      onEachThread: { [multiplication] in multiplication.onEachThread($0) },
      call: { [self] in _ = call() },
      parts: multiplication.stages.map { stage in
        CountedWork.Part(stage: stage.rawValue) { [multiplication, pool] count in
          let readings = multiplication.withCall(of: stage, pool.packed) {
            count(
              CountedWork.Call(
                function: $0.function, argument: $0.argument, idleArgument: $0.idleArgument,
                entry: $0.entry))
          }
          guard let readings else { preconditionFailure("\(stage): not a stage of the kernel") }
          return readings
        }
      })
  }

  /// Opened once a process: PAPI tries every event first.
  private static func source(_ order: CountOrder) -> Availability<any CounterSource> {
    // Its limit is the order's own, and opening it costs nothing.
    if order.source == .step { return order.source.open(stepLimit: order.stepLimit) }
    return opened.withLock { opened in
      if let known = opened[order.source] { return known }
      let new = order.source.open()
      opened[order.source] = new
      return new
    }
  }

  private static let opened = Mutex<[CounterChoice: Availability<any CounterSource>]>([:])
}
