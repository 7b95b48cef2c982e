internal import MPGEMM

/// What takes turns within a case, and what it has measured: a kernel, or a read probe.
final class Participant {
  /// What a participant is measured for.
  enum Role {
    case kernel(Kernel)
    /// A ceiling of the kernels of one layout.
    case probe(ProbedRead, layout: String)
  }

  let role: Role
  private let turn: any Turn
  var samples: [Sample] = []
  /// A sample averages this many calls.
  var callsPerSample = 1
  /// Whether a call is short enough that what ran before it would be felt.
  var needsWarmUp = true
  /// Why it takes no more turns: its process died or hung.
  private(set) var failure: WorkerFailure?

  init(_ role: Role, turn: any Turn) {
    self.role = role
    self.turn = turn
  }

  var isProbe: Bool {
    if case .probe = role { true } else { false }
  }

  /// The seconds measured so far.
  var measuredSeconds: Double {
    samples.reduce(0) { $0 + $1.time * Double($1.calls) }
  }

  /// Takes one sample, or notes why it cannot.
  func takeSample(order: Int) {
    guard var sample = measure(calls: callsPerSample, warmUp: needsWarmUp) else { return }
    sample.order = order
    samples.append(sample)
  }

  /// Makes some calls that are no sample; nil if it cannot, and then `failure` says why.
  func measure(calls: Int, warmUp: Bool) -> Sample? {
    do {
      return try turn.measure(calls: calls, warmUp: warmUp)
    } catch {
      failure = error
      return nil
    }
  }

  /// Measures the energy of further calls; nothing is timed in them.
  func energy(by meter: KernelMeter) -> KernelMeter.Energy {
    let calls = samples.reduce(0) { $0 + $1.calls }
    do {
      return try meter.energy(callSeconds: measuredSeconds / Double(max(calls, 1))) {
        (calls: Int) throws(WorkerFailure) in
        _ = try turn.measure(calls: calls, warmUp: false)
      }
    } catch {
      return KernelMeter.Energy(reason: error.description)
    }
  }
}
