/// One row of `progress.csv`: a case is complete, and how long the other files were then.
///
/// A run that was killed is cut back to its last checkpoint and goes on from there.
public struct CheckpointRow: CSVRow {
  public var run: String
  /// The number of the sweep's target, from 0.
  public var target: Int
  /// The group of the target's kernels, from 1.
  public var group: Int
  public var tokens: Int
  public var threads: Int
  public var cache: CacheRegime
  /// The number that the run's next sample has.
  public var nextOrder: Int
  public var kernelsBytes: Int
  public var samplesBytes: Int
  public var ceilingsBytes: Int
  /// 0 where nothing is counted.
  public var countersBytes = 0

  /// Creates the row of a case that has just been written.
  public init(
    run: String, target: Int, group: Int, tokens: Int, threads: Int, cache: CacheRegime,
    nextOrder: Int, kernelsBytes: Int, samplesBytes: Int, ceilingsBytes: Int
  ) {
    self.run = run
    self.target = target
    self.group = group
    self.tokens = tokens
    self.threads = threads
    self.cache = cache
    self.nextOrder = nextOrder
    self.kernelsBytes = kernelsBytes
    self.samplesBytes = samplesBytes
    self.ceilingsBytes = ceilingsBytes
  }
}

extension CheckpointRow {
  public static let schemaVersion = 2

  public static let values: [Column<CheckpointRow>] = [
    Column("run", \.run),
    Column("target", \.target),
    Column("group", \.group),
    Column("tokens", \.tokens),
    Column("threads", \.threads),
    Column("cache", \.cache),
    Column("next_order", \.nextOrder),
    Column("kernels_bytes", \.kernelsBytes),
    Column("samples_bytes", \.samplesBytes),
    Column("ceilings_bytes", \.ceilingsBytes),
    Column("counters_bytes", \.countersBytes, since: 2),
  ]

  public static let blank = CheckpointRow(
    run: "", target: 0, group: 1, tokens: 1, threads: 1, cache: .hot, nextOrder: 0,
    kernelsBytes: 0, samplesBytes: 0, ceilingsBytes: 0)
}
