internal import Decoder
internal import MPGEMM

/// A ring in this process.
final class LocalRingHost: LocalHost {
  let pool: PoolReport
  private let weights: RingPool
  private let threads: ThreadPools
  private let activations: ActivationValues

  /// Packs a ring's block for the layout of a kernel, as often as there are blocks or memory for them.
  init(
    packing matrices: TargetWeights, of ring: Ring, for kernel: Kernel, mostBytes: Int,
    memory: PoolMemory, seed: UInt64, threads: ThreadPools
  ) {
    weights = RingPool(
      packing: matrices, of: ring, for: kernel, mostBytes: mostBytes, memory: memory)
    pool = weights.report
    self.threads = threads
    activations = ActivationValues(seed: seed)
  }

  /// The result is that of the first block, whose matrices the oracle knows; the others are its copies.
  func begin(_ kernel: Kernel, on sweepCase: SweepCase) -> Beginning {
    let (threads, cpus) = threads.pool(sweepCase.threads)
    let pass = RingPass(
      kernel, ring: weights.ring, tokens: sweepCase.tokens,
      activations: weights.ring.steps.map { activations[sweepCase.tokens, $0.inFeatures] },
      pool: threads)
    let turn = RingTurn(pass, pool: weights)
    let first = turn.callOfOneLayer()
    return Beginning(turn: turn, first: first, result: pass.result, cpus: cpus)
  }

  func begin(_ read: ProbedRead, on sweepCase: SweepCase) -> Beginning {
    let (threads, cpus) = threads.pool(sweepCase.threads)
    let turn = RingReadTurn(read, pool: weights, threads: threads)
    return Beginning(turn: turn, first: turn.call(), result: [], cpus: cpus)
  }

  func prepareActivations(tokens: Int) {
    for step in weights.ring.steps { _ = activations[tokens, step.inFeatures] }
  }
}
