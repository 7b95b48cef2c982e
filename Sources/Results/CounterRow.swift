/// One row of `counters.csv`: one count of one case, taken in calls of its own after the timing.
public struct CounterRow: CSVRow {
  public var run: String
  public var kernel: String
  public var model: String
  public var layer: String
  public var outFeatures: Int
  public var inFeatures: Int
  public var tokens: Int
  public var threads: Int
  public var cache: CacheRegime
  /// What counted: "papi", "software", "step".
  public var source: String
  /// The part of a call: "all", or a stage.
  public var stage: String
  /// "instructions", "l3_misses".
  public var event: String
  /// The thread, from 0; nil for all together.
  public var thread: Int?
  /// Counts of one call; nil if it was not counted, never 0 for that.
  public var value: Double?
  /// Why there is no value.
  public var reason: String
  /// How many calls the value is the mean of.
  public var calls: Int
  /// Whether the counter shared the hardware, so that the value is an extrapolation.
  public var scaled: Bool

  /// Creates the row of one count of a kernel's row.
  public init(
    of row: KernelRow, source: String, stage: String, event: String, thread: Int? = nil,
    value: Double?, reason: String = "", calls: Int = 1, scaled: Bool = false
  ) {
    run = row.run
    kernel = row.kernel
    model = row.model
    layer = row.layer
    outFeatures = row.outFeatures
    inFeatures = row.inFeatures
    tokens = row.tokens
    threads = row.threads
    cache = row.cache
    self.source = source
    self.stage = stage
    self.event = event
    self.thread = thread
    self.value = value
    self.reason = reason
    self.calls = calls
    self.scaled = scaled
  }
}

extension CounterRow {
  public static let schemaVersion = 1

  public static let values: [Column<CounterRow>] = [
    Column("run", \.run),
    Column("kernel", \.kernel),
    Column("model", \.model),
    Column("layer", \.layer),
    Column("out_features", \.outFeatures),
    Column("in_features", \.inFeatures),
    Column("tokens", \.tokens),
    Column("threads", \.threads),
    Column("cache", \.cache),
    Column("source", \.source),
    Column("stage", \.stage),
    Column("event", \.event),
    Column("thread", \.thread),
    Column("value", \.value),
    Column("reason", \.reason),
    Column("calls", \.calls),
    Column("scaled", \.scaled),
  ]

  public static let blank = CounterRow(
    of: .blank, source: "", stage: "all", event: "", value: nil, reason: "not read")

  public var inconsistency: String? {
    if value.map({ $0 < 0 }) ?? false { return "a count is not negative" }
    return (value == nil) == reason.isEmpty
      ? "a row has either a value or the reason why there is none" : nil
  }
}
