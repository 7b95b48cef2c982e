/// One row of `samples.csv`: one repetition of one case, raw.
public struct SampleRow: CSVRow {
  public var run: String
  public var kernel: String
  public var model: String
  public var layer: String
  public var outFeatures: Int
  public var inFeatures: Int
  public var tokens: Int
  public var threads: Int
  public var cache: CacheRegime
  /// Which repetition of its case this is, from 0.
  public var repetition: Int
  /// Which repetition of the whole run this is, from 0: it shows how cases took turns.
  public var order: Int
  public var quantizeSeconds: Double
  public var prepareSeconds: Double
  public var computeSeconds: Double
  /// One call: quantize + prepare + compute.
  public var timeSeconds: Double
  /// How many calls the repetition was averaged over.
  public var iterations: Int
  /// Which group of its target the kernel took turns in, from 1: samples of a group can be compared.
  public var group: Int?

  /// Creates the row of one repetition.
  public init(
    run: String, kernel: String, model: String, layer: String, outFeatures: Int, inFeatures: Int,
    tokens: Int, threads: Int, cache: CacheRegime, repetition: Int, order: Int,
    quantizeSeconds: Double, prepareSeconds: Double, computeSeconds: Double, timeSeconds: Double,
    iterations: Int
  ) {
    self.run = run
    self.kernel = kernel
    self.model = model
    self.layer = layer
    self.outFeatures = outFeatures
    self.inFeatures = inFeatures
    self.tokens = tokens
    self.threads = threads
    self.cache = cache
    self.repetition = repetition
    self.order = order
    self.quantizeSeconds = quantizeSeconds
    self.prepareSeconds = prepareSeconds
    self.computeSeconds = computeSeconds
    self.timeSeconds = timeSeconds
    self.iterations = iterations
  }
}

extension SampleRow {
  public static let schemaVersion = 2

  public static let values: [Column<SampleRow>] = [
    Column("run", \.run),
    Column("kernel", \.kernel),
    Column("model", \.model),
    Column("layer", \.layer),
    Column("out_features", \.outFeatures),
    Column("in_features", \.inFeatures),
    Column("tokens", \.tokens),
    Column("threads", \.threads),
    Column("cache", \.cache),
    Column("repetition", \.repetition),
    Column("order", \.order),
    Column("quantize_s", \.quantizeSeconds),
    Column("prepare_s", \.prepareSeconds),
    Column("compute_s", \.computeSeconds),
    Column("time_s", \.timeSeconds),
    Column("iterations", \.iterations),
    Column("group", \.group, since: 2),
  ]

  public static let blank = SampleRow(
    run: "", kernel: "", model: "", layer: "", outFeatures: 1, inFeatures: 1, tokens: 1,
    threads: 1, cache: .hot, repetition: 0, order: 0, quantizeSeconds: 0, prepareSeconds: 0,
    computeSeconds: 0, timeSeconds: 0, iterations: 1)

  public var inconsistency: String? {
    if timeSeconds <= 0 { return "time_s is above 0" }
    return repetition < 0 || order < 0 ? "repetition and order count from 0" : nil
  }
}
