/// One row of `ceilings.csv`: what the machine itself can do, reading memory or executing an instruction.
public struct CeilingRow: CSVRow {
  public var run: String
  /// What was probed, and how: "read avx2", "read L2 avx2", "execute vpmaddubsw_ymm".
  public var probe: String
  /// The bytes of one pass: of one packed matrix, or of all threads' buffers; 0 for an instruction.
  public var bytes: Int
  public var threads: Int
  /// Whether the probe went through a whole pool or read one buffer again and again.
  public var cache: CacheRegime
  /// The page size that was asked for and what was obtained.
  public var pageSize: String
  /// Whether the probe prefetched in software.
  public var prefetch: Bool
  /// Nil for an instruction.
  public var medianGBPerSecond: Double?
  public var bestGBPerSecond: Double?
  public var samples: Int
  /// Which of the operations that kernels count an instruction does: "mul_i8".
  public var operation = ""
  /// Scalar operations of all threads together, in 1e9 a second; nil for reading.
  public var medianGOPPerSecond: Double?
  public var bestGOPPerSecond: Double?

  /// Creates the row of one probe.
  public init(
    run: String, probe: String, bytes: Int, threads: Int, cache: CacheRegime, pageSize: String,
    prefetch: Bool, medianGBPerSecond: Double?, bestGBPerSecond: Double?, samples: Int
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
  public static let schemaVersion = 2

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
    Column("operation", \.operation, since: 2),
    Column("median_gop_per_s", \.medianGOPPerSecond, since: 2),
    Column("best_gop_per_s", \.bestGOPPerSecond, since: 2),
  ]

  public static let blank = CeilingRow(
    run: "", probe: "", bytes: 0, threads: 1, cache: .hot, pageSize: "", prefetch: false,
    medianGBPerSecond: nil, bestGBPerSecond: nil, samples: 1)

  /// Whether it was measured once a run for its number of threads; the others are measured in every case.
  public var isOfMachine: Bool { medianGOPPerSecond != nil || probe.hasPrefix("read L") }

  public var inconsistency: String? {
    let rates = [medianGBPerSecond, bestGBPerSecond, medianGOPPerSecond, bestGOPPerSecond]
    if rates.compactMap(\.self).contains(where: { $0 <= 0 }) { return "a rate is above 0" }
    let isRead = medianGBPerSecond != nil && bestGBPerSecond != nil
    let isExecution = medianGOPPerSecond != nil && bestGOPPerSecond != nil
    return isRead == isExecution
      ? "a ceiling has its GB/s or its GOP/s, median and best" : nil
  }
}
