internal import MPGEMM
internal import Results
internal import Statistics
internal import Verification

/// Measures one case: verifies every kernel, then lets those that are right take turns.
struct CaseRunner {
  let sweepCase: SweepCase
  let options: SweepOptions
  let pools: [String: WeightPool]
  let threads: ThreadPool
  let reference: Reference

  /// What became of one kernel.
  struct Outcome {
    let kernel: Kernel
    let status: Status
    let reason: String
    let verdict: Verdict
    let samples: [Sample]
    let isSingleSample: Bool
    let pool: WeightPool
    let readGBPerSecond: Double?
  }

  /// What one probe reached on one layout's pool.
  struct Ceiling {
    let probe: ReadProbe
    let prefetchDistance: Int
    let pool: WeightPool
    let gbPerSecond: [Double]
  }

  /// Verifies and measures; samples are numbered on from the sampler's last.
  func run(
    kernels: [Kernel], sampler: inout Sampler, progress: (String) -> Void
  ) -> (outcomes: [Outcome], ceilings: [Ceiling]) {
    var right: [KernelParticipant] = []
    var single: [String: Sample] = [:]
    var verdicts: [String: Verdict] = [:]
    for kernel in kernels {
      guard let pool = pools[kernel.layout] else { continue }
      progress("verify \(kernel.name)")
      let multiplication = Multiplication(
        kernel, shape: sweepCase.shape, activations: reference.activations, pool: threads)
      let participant = KernelParticipant(
        multiplication, pool: pool, hot: sweepCase.cache == .hot)
      var first = participant.call()
      let verdict = reference.verdict(on: multiplication)
      verdicts[kernel.name] = verdict
      guard verdict.mismatch == nil else { continue }
      if first.time > options.singleSampleAbove {
        first.order = sampler.order
        sampler.order += 1
        single[kernel.name] = first
      } else {
        participant.callsPerSample = sampler.callsPerSample(
          callSeconds: first.time, of: sampler.minTime)
        participant.needsWarmUp = first.time < Sampler.longCallSeconds
        right.append(participant)
      }
    }
    progress("measure \(right.count) kernels")
    let probes = readProbes(sampler)
    sampler.sample(kernels: right, probes: probes)
    let ceilings = probes.map { probe in
      Ceiling(
        probe: probe.probe, prefetchDistance: probe.prefetchDistance, pool: probe.pool,
        gbPerSecond: probe.samples.map { 1e-9 * Double(probe.pool.packed.packedBytes) / $0.time })
    }
    let measured = Dictionary(uniqueKeysWithValues: right.map { ($0.kernel.name, $0.samples) })
    let outcomes = kernels.compactMap { kernel -> Outcome? in
      guard let pool = pools[kernel.layout], let verdict = verdicts[kernel.name] else { return nil }
      let alone = single[kernel.name]
      return Outcome(
        kernel: kernel, status: verdict.mismatch == nil ? .ok : .failed,
        reason: verdict.mismatch?.summary ?? "", verdict: verdict,
        samples: alone.map { [$0] } ?? measured[kernel.name] ?? [], isSingleSample: alone != nil,
        pool: pool,
        readGBPerSecond: ceilings.filter { $0.pool === pool }
          .map { Statistics.median($0.gbPerSecond) }.max())
    }
    return (outcomes, ceilings)
  }

  /// Every probe of this CPU but the portable one, where there is another, with and without prefetch.
  private func readProbes(_ sampler: Sampler) -> [ReadParticipant] {
    let runnable = ReadProbe.runnable
    let probes = runnable.count > 1 ? runnable.filter { !$0.requiredISA.isEmpty } : runnable
    return pools.values.sorted { $0.packed.layout < $1.packed.layout }.flatMap { pool in
      probes.flatMap { probe in
        ReadParticipant.prefetchDistances.map { distance in
          let participant = ReadParticipant(
            probe, prefetchDistance: distance, pool: pool, hot: sweepCase.cache == .hot,
            threads: threads)
          participant.callsPerSample = sampler.callsPerSample(
            callSeconds: participant.call().time, of: sampler.minProbeTime)
          return participant
        }
      }
    }
  }
}
