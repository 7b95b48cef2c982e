internal import MPGEMM
internal import Results

/// Holds the packed weights of one layout and runs what uses them, here or in processes of its own.
protocol PoolHost: AnyObject {
  var pool: PoolReport { get }

  /// Sets a kernel up for a case and lets it compute once.
  func begin(_ kernel: Kernel, on sweepCase: SweepCase) throws(WorkerFailure) -> Beginning

  /// Sets a read probe up for a case and lets it read once.
  func begin(_ read: ProbedRead, on sweepCase: SweepCase) throws(WorkerFailure) -> Beginning
}

/// What is known of a pool once it has been packed.
struct PoolReport: Sendable, Codable {
  /// Seconds to pack one copy; of a ring, all blocks; nil where a clock says nothing.
  var packSeconds: Double?
  /// The bytes of one copy; of a ring, what one pass reads.
  var packedBytes: Int
  /// The bytes of all copies.
  var bytes: Int
  /// What pages were asked for and what was obtained.
  var pageSize: String
  /// What memory nodes were asked for and which were obtained.
  var memory: String
  /// Of a ring, the blocks that lie apart in memory.
  var distinctLayers: Int?
}

/// A participant that has been set up, and its first call.
struct Beginning {
  let turn: any Turn
  let first: Sample
  /// What a kernel has computed; empty for a probe.
  let result: [Float]
  /// The processors that each thread may run on, as the system says.
  let cpus: [[Int]]
}

/// A pool in this process: what it runs can crash it.
protocol LocalHost: PoolHost {
  /// Makes the activations of N tokens ahead of time, for processes that are forked from this one.
  func prepareActivations(tokens: Int)
}

/// Copies of one matrix, in this process.
final class LocalPoolHost: LocalHost {
  let pool: PoolReport
  private let weights: WeightPool
  private let threads: ThreadPools
  private let activations: ActivationValues

  /// Packs weights for the layout of a kernel.
  init(
    packing matrix: TernaryMatrix, for kernel: Kernel, poolBytes: Int, memory: PoolMemory,
    seed: UInt64, threads: ThreadPools
  ) {
    weights = WeightPool(packing: matrix, for: kernel, poolBytes: poolBytes, memory: memory)
    pool = weights.report
    self.threads = threads
    activations = ActivationValues(seed: seed)
  }

  func begin(_ kernel: Kernel, on sweepCase: SweepCase) -> Beginning {
    let (threads, cpus) = threads.pool(sweepCase.threads)
    let multiplication = Multiplication(
      kernel, shape: sweepCase.shape,
      activations: activations[sweepCase.tokens, weights.packed.inFeatures], pool: threads)
    let turn = KernelTurn(multiplication, pool: weights, hot: sweepCase.cache == .hot)
    let first = turn.call()
    return Beginning(turn: turn, first: first, result: multiplication.result, cpus: cpus)
  }

  func begin(_ read: ProbedRead, on sweepCase: SweepCase) -> Beginning {
    let (threads, cpus) = threads.pool(sweepCase.threads)
    let turn = ReadTurn(read, pool: weights, hot: sweepCase.cache == .hot, threads: threads)
    return Beginning(turn: turn, first: turn.call(), result: [], cpus: cpus)
  }

  func prepareActivations(tokens: Int) {
    _ = activations[tokens, weights.packed.inFeatures]
  }
}

/// The activations of each width and number of tokens, made when they are first asked for.
final class ActivationValues {
  private struct Key: Hashable {
    let tokens: Int
    let inFeatures: Int
  }

  private let seed: UInt64
  private var known: [Key: [Float]] = [:]

  init(seed: UInt64) {
    self.seed = seed
  }

  /// N × K floats.
  subscript(tokens: Int, inFeatures: Int) -> [Float] {
    let key = Key(tokens: tokens, inFeatures: inFeatures)
    if let values = known[key] { return values }
    let values = Reference.activations(tokens: tokens, inFeatures: inFeatures, seed: seed)
    known[key] = values
    return values
  }
}
