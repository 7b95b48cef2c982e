internal import MPGEMM
internal import Results

// What coordinator and workers say to each other. A worker is always of the same executable, so the
// version only guards against one that was replaced during a sweep.

/// The first message to a pool's process: what it holds.
struct PoolOrder: Codable {
  static let currentVersion = 2

  var version = PoolOrder.currentVersion
  /// The coordinator's process, without which there is nothing to do.
  var parent: Int32
  var plugins: [String]
  /// The kernel that packs.
  var kernel: String
  var outFeatures: Int
  var inFeatures: Int
  var ring: Ring?
  var zeroDensity: Double
  var seed: UInt64
  var poolBytes: Int
  /// The `MemoryPlacement`, by name.
  var memory: String
  /// N of the cases to come.
  var tokens: [Int]
  /// The processors that may be used; the coordinator has bound itself to one of them.
  var cpus: [Int]
}

/// The answer to a `PoolOrder`.
enum PoolAnswer: Codable {
  case packed(PoolReport)
  /// What the process cannot do, and why.
  case refused(String)
}

/// What a pool's process is asked for.
enum PoolCommand: Codable {
  /// A worker that shares the pool's pages; its socket follows.
  case fork
  /// How a worker has ended.
  case reap(Int32)
}

/// The answer to a `PoolCommand`.
enum PoolReply: Codable {
  case forked(Int32)
  case exited(Int32)
  case signal(Int32)
  case refused(String)
}

/// What a worker is asked for.
enum WorkerCommand: Codable {
  /// Set a turn up and make its first call. The turns of an earlier case are forgotten.
  case begin(turn: Int, TurnOrder)
  /// Make some calls.
  case measure(turn: Int, calls: Int, warmUp: Bool)
  /// Make some calls and count what happens in them.
  case count(turn: Int, CountOrder)
}

/// A turn, as `WorkerCommand.begin` describes it.
struct TurnOrder: Codable {
  /// Counts the cases of a pool.
  var caseNumber: Int
  var tokens: Int
  var threads: Int
  var cache: String
  /// A kernel's name, or a probe's with the distance at which it prefetches.
  var kernel: String?
  var probe: String?
  var prefetchDistance = 0
}

/// The answer to a `WorkerCommand`.
enum WorkerReply: Codable {
  /// The first call of a turn; a kernel's outputs follow.
  case begun(Sample, cpus: [[Int]])
  case measured(Sample)
  case counted(CountAnswer)
  case refused(String)
}
