internal import MPGEMM
internal import Machine
internal import Results
internal import Statistics
internal import Verification

/// Measures one case: verifies every kernel, then lets those that are right take turns.
struct CaseRunner {
  let sweepCase: SweepCase
  let options: SweepOptions
  let hosts: GroupHosts
  let reference: Reference
  let meter: KernelMeter
  /// The processors of this process, before the coordinator bound itself to one.
  let usableThreads: Int

  /// What became of one kernel.
  struct Outcome {
    let kernel: Kernel
    /// Why there is no measurement; empty if there is one.
    var reason = ""
    var verdict: Verdict?
    var samples: [Sample] = []
    /// Why the samples miss the noise target, and which option would help; nil where they meet it.
    var noise: String?
    /// The processors that each thread may run on.
    var cpus: [[Int]] = []
    var pool: PoolReport?
    var readGBPerSecond: Double?
    /// Why a probe of the kernel's layout has no read bandwidth; empty where all have one.
    var readReason = ""
    var energy = KernelMeter.Energy(reason: "the kernel was not measured")
    /// What was counted after the timing; nil if nobody asked.
    var counts: CountAnswer?
    /// Why it was counted only, though it was right; empty if it was timed.
    var emulated = ""
    var turn: (any Turn)?

    var status: Status { reason.isEmpty ? emulated.isEmpty ? .ok : .emulated : .failed }
  }

  /// What one probe reached on one layout's pool.
  struct Ceiling {
    let read: ProbedRead
    let layout: String
    let pool: PoolReport
    let gbPerSecond: [Double]
  }

  /// Verifies and measures; samples are numbered on from the sampler's last.
  func run(
    kernels: [Kernel], sampler: inout Sampler, progress: (String) -> Void
  ) -> (outcomes: [Outcome], ceilings: [Ceiling]) {
    guard !options.counters.replacesTiming else {
      return (kernels.map { countOnly($0, progress: progress) }, [])
    }
    var outcomes: [Outcome] = []
    var right: [String: Participant] = [:]
    for kernel in kernels {
      progress("verify \(kernel.name)")
      var outcome = Outcome(kernel: kernel, pool: hosts[kernel.layout]?.pool)
      do {
        right[kernel.name] = try verify(kernel, &outcome, &sampler)
      } catch {
        outcome.reason = error.description
      }
      outcomes.append(outcome)
    }
    progress("measure \(right.count) kernels")
    var unread: [String: WorkerFailure] = [:]
    let probes = readProbes(sampler, failures: &unread)
    sampler.sample(kernels: kernels.compactMap { right[$0.name] }, probes: probes)
    let ceilings = probes.compactMap { ceiling($0) }
    for case (.probe(_, let layout), let failure?) in probes.map({ ($0.role, $0.failure) }) {
      unread[layout] = failure
    }
    for index in outcomes.indices {
      let kernel = outcomes[index].kernel
      if let participant = right[kernel.name] {
        outcomes[index].samples = participant.failure == nil ? participant.samples : []
        outcomes[index].reason = participant.failure?.description ?? ""
        outcomes[index].noise = NoiseNote.text(
          participant, sampler, sweepCase, usableThreads: usableThreads)
        if outcomes[index].reason.isEmpty {
          progress("energy \(kernel.name)")
          outcomes[index].energy = participant.energy(by: meter)
        }
      }
      outcomes[index].readGBPerSecond =
        ceilings.filter { $0.layout == kernel.layout }
        .map { Statistics.median($0.gbPerSecond) }.max()
      outcomes[index].readReason = unread[kernel.layout]?.description ?? ""
      if options.counters != .none, outcomes[index].status == .ok {
        progress("count \(kernel.name)")
        outcomes[index].counts = counts(outcomes[index])
      }
      outcomes[index].turn = nil
    }
    return (outcomes, ceilings)
  }

  /// Counts a kernel's calls, apart from those that were timed; a worker that dies of it loses the counts only.
  func counts(_ outcome: Outcome) -> CountAnswer? {
    guard let turn = outcome.turn else { return nil }
    let seconds = outcome.samples.map(\.time).min() ?? 0
    let order = CountOrder(
      source: options.counters, stepLimit: options.stepLimit, callSeconds: seconds)
    do {
      return try turn.count(order)
    } catch {
      return CountAnswer(refusal: error.description)
    }
  }

  /// Lets a kernel compute once and judges that; nil if it is wrong, or too slow to take turns.
  private func verify(
    _ kernel: Kernel, _ outcome: inout Outcome, _ sampler: inout Sampler
  ) throws(WorkerFailure) -> Participant? {
    guard let beginning = try beginning(kernel, &outcome) else { return nil }
    var first = beginning.first
    if first.time > sweepCase.singleSampleAbove(options) {
      first.order = sampler.order
      sampler.order += 1
      outcome.samples = [first]
      outcome.noise = NoiseNote.singleSample(sweepCase)
      outcome.energy.reason = "the kernel is too slow to be called again"
      return nil
    }
    let participant = Participant(.kernel(kernel), turn: beginning.turn)
    sampler.prepare(participant, firstCallSeconds: first.time)
    return participant
  }

  /// Lets a kernel compute once and judges that; nil if it is wrong.
  func beginning(
    _ kernel: Kernel, _ outcome: inout Outcome
  ) throws(WorkerFailure) -> Beginning? {
    let beginning = try hosts.host(of: kernel).begin(kernel, on: sweepCase)
    outcome.cpus = beginning.cpus
    outcome.turn = beginning.turn
    let verdict = reference.verdict(on: beginning.result, of: kernel)
    outcome.verdict = verdict
    if let mismatch = verdict.mismatch {
      outcome.reason = mismatch.summary
      return nil
    }
    return beginning
  }

  private func ceiling(_ participant: Participant) -> Ceiling? {
    guard case .probe(let read, let layout) = participant.role, participant.failure == nil,
      let pool = hosts[layout]?.pool
    else { return nil }
    return Ceiling(
      read: read, layout: layout, pool: pool,
      gbPerSecond: participant.samples.map { 1e-9 * Double(pool.packedBytes) / $0.time })
  }

  /// Every probe on every layout; one that cannot be set up leaves its reason.
  private func readProbes(
    _ sampler: Sampler, failures: inout [String: WorkerFailure]
  ) -> [Participant] {
    var participants: [Participant] = []
    for layout in hosts.layouts {
      for read in ProbedRead.all {
        do {
          guard let beginning = try hosts[layout]?.begin(read, on: sweepCase) else { continue }
          let participant = Participant(.probe(read, layout: layout), turn: beginning.turn)
          sampler.prepare(participant, firstCallSeconds: beginning.first.time)
          participants.append(participant)
        } catch {
          failures[layout] = error
        }
      }
    }
    return participants
  }
}
