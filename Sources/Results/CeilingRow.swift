/// One row of `ceilings.csv`: what the machine itself can do, measured in the same run.
public struct CeilingRow: CSVRow {
  public var run: String
  /// What was probed: "read".
  public var probe: String
  public var bytes: Int
  public var threads: Int
  /// The page size that was asked for and what was obtained.
  public var pageSize: String
  /// Whether the probe prefetched in software.
  public var prefetch: Bool
  public var medianGBPerSecond: Double
  public var bestGBPerSecond: Double
  public var samples: Int

  /// Creates the row of one probe.
  public init(
    run: String, probe: String, bytes: Int, threads: Int, pageSize: String, prefetch: Bool,
    medianGBPerSecond: Double, bestGBPerSecond: Double, samples: Int
  ) {
    self.run = run
    self.probe = probe
    self.bytes = bytes
    self.threads = threads
    self.pageSize = pageSize
    self.prefetch = prefetch
    self.medianGBPerSecond = medianGBPerSecond
    self.bestGBPerSecond = bestGBPerSecond
    self.samples = samples
  }
}

extension CeilingRow {
  public static let schemaVersion = 1

  public static let values: [Column<CeilingRow>] = [
    Column("run", \.run),
    Column("probe", \.probe),
    Column("bytes", \.bytes),
    Column("threads", \.threads),
    Column("page_size", \.pageSize),
    Column("prefetch", \.prefetch),
    Column("median_gb_per_s", \.medianGBPerSecond),
    Column("best_gb_per_s", \.bestGBPerSecond),
    Column("samples", \.samples),
  ]

  public static let blank = CeilingRow(
    run: "", probe: "", bytes: 0, threads: 1, pageSize: "", prefetch: false, medianGBPerSecond: 0,
    bestGBPerSecond: 0, samples: 1)
}
