/// One row of `ceilings.csv`: what the machine itself can do, measured in turns with the kernels.
public struct CeilingRow: CSVRow {
  public var run: String
  /// What was probed, and how: "read avx2".
  public var probe: String
  /// The bytes of one pass: of one packed matrix.
  public var bytes: Int
  public var threads: Int
  /// Whether the probe went through a whole pool or read one buffer again and again.
  public var cache: CacheRegime
  /// The page size that was asked for and what was obtained.
  public var pageSize: String
  /// Whether the probe prefetched in software.
  public var prefetch: Bool
  public var medianGBPerSecond: Double
  public var bestGBPerSecond: Double
  public var samples: Int

  /// Creates the row of one probe.
  public init(
    run: String, probe: String, bytes: Int, threads: Int, cache: CacheRegime, pageSize: String,
    prefetch: Bool,
    medianGBPerSecond: Double, bestGBPerSecond: Double, samples: Int
  ) {
    self.run = run
    self.probe = probe
    self.bytes = bytes
    self.threads = threads
    self.cache = cache
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
    Column("cache", \.cache),
    Column("page_size", \.pageSize),
    Column("prefetch", \.prefetch),
    Column("median_gb_per_s", \.medianGBPerSecond),
    Column("best_gb_per_s", \.bestGBPerSecond),
    Column("samples", \.samples),
  ]

  public static let blank = CeilingRow(
    run: "", probe: "", bytes: 0, threads: 1, cache: .hot, pageSize: "", prefetch: false,
    medianGBPerSecond: 0,
    bestGBPerSecond: 0, samples: 1)
}
