/// How a benchmarked case ended.
public enum Status: String, NamedCell {
  /// Verified in this run, then measured.
  case ok
  /// Verified in this run by an emulator, and counted: its times would be the emulator's.
  case emulated
  /// The result was wrong: not timed, and the reason is the first mismatch.
  case failed
  /// Not run at all, for the reason given.
  case skipped
}

/// Where the weights are when a call begins.
public enum CacheRegime: String, NamedCell {
  /// One matrix, again and again.
  case hot
  /// A pool of matrices too large for the caches, in rotation.
  case cold
  /// All matrices of a model in the order of a forward pass, each where the last pass has left it.
  case ring
}

/// One row of `kernels.csv`: one kernel on one shape, at one number of tokens and threads, in one
/// cache regime.
///
/// A ring's row is one pass through all ternary layers of a model. Its `inFeatures` is the hidden width,
/// and its `outFeatures` that of a matrix of as many weights.
public struct KernelRow: CSVRow {
  public var run: String
  public var kernel: String
  public var family: String
  public var layout: String
  public var isa: String
  public var bitsPerWeight: Double
  public var lossless: Bool
  /// The model's slug; empty for a bare shape.
  public var model: String
  /// The layer's name in its model; empty for a bare shape.
  public var layer: String
  public var outFeatures: Int
  public var inFeatures: Int
  public var tokens: Int
  public var threads: Int
  public var cache: CacheRegime
  public var status: Status
  /// Why the row is not ok, or why one of its cells is empty.
  public var reason: String

  /// The median of quantize + prepare + compute.
  public var timeSeconds: Double?
  public var quantizeSeconds: Double?
  public var prepareSeconds: Double?
  public var computeSeconds: Double?
  public var packSeconds: Double?
  public var packedBytes: Int?
  /// Against the oracle, in this run; nil when there was no comparison or it was not finite.
  public var maxAbsError: Double?
  /// The mean square error over the mean square of the exact result.
  public var nmse: Double?
  /// The share of weights that are zero.
  public var zeroDensity: Double?
  public var seed: UInt64?
  /// The one-line command that repeats the row.
  public var reproduce: String = ""
  /// How many repetitions `timeSeconds` is the median of.
  public var samples: Int?
  /// The median absolute deviation of the samples from their median, over that median.
  public var timeMdAPE: Double?
  /// How often the layer occurs for one token of the model; 1 for a bare shape.
  public var layerCount: Int = 1
  /// What the kernel declares: 0 is bit-exact.
  public var tolerance: Double?
  /// What a reader of the numbers should know: "single sample".
  public var note: String = ""
  /// The bytes of the rotating pool of a cold case.
  public var poolBytes: Int?
  /// The page size that was asked for and what was obtained.
  public var pageSize: String = ""
  /// The read bandwidth measured within this case: same buffer size, page size and threads.
  public var readGBPerSecond: Double?
  /// Which group of its target the kernel took turns in, from 1; nil before schema 2 and if skipped.
  public var group: Int?
  /// The 95 % interval of `timeSeconds`; nil before schema 2 and where there are too few samples.
  public var timeLowSeconds: Double?
  public var timeHighSeconds: Double?
  /// Whether that interval misses the noise target of the run; the note says what would help.
  public var isNoisy: Bool?
  /// The largest share of a sample's time that went into reading the clock.
  public var overheadShare: Double?
  /// The processors that each thread could run on, as the system said: "0 2", or "0-3 0-3" unbound.
  public var cpus: String = ""
  /// The memory nodes that were asked for and those on which the packed weights lie.
  public var memory: String = ""

  /// The energy of one call above the idle machine, by a meter; nil with the reason where there is none.
  public var energyMeasuredJoules: Double?
  /// The same with what the idle machine would have taken.
  public var energyGrossJoules: Double?
  /// What the meter added up: "rapl: package-0 + dram".
  public var energySource: String = ""
  /// Why no energy was measured.
  public var energyReason: String = ""
  /// The power of the idle machine, by the same meter.
  public var idleWatts: Double?
  /// How long the calls took whose energy was measured.
  public var energyWindowSeconds: Double?
  /// Which ceiling binds the kernel: "read", or an instruction's probe of `ceilings.csv`; empty: unknown.
  public var ceiling: String = ""
  /// The least time that this ceiling allows.
  public var ceilingSeconds: Double?
  /// Of a ring, how many of the model's layers lie apart in memory; the others are these in rotation.
  public var distinctLayers: Int?
  /// Of a ring, what the layers that share an input took of `computeSeconds`.
  public var qkvSeconds: Double?
  public var oSeconds: Double?
  public var gateUpSeconds: Double?
  public var downSeconds: Double?

  /// Creates a row that says what was to be measured and how that ended; measurements follow as
  /// properties.
  public init(
    run: String, kernel: String, family: String, layout: String, isa: String,
    bitsPerWeight: Double, lossless: Bool, model: String, layer: String, outFeatures: Int,
    inFeatures: Int, tokens: Int, threads: Int, cache: CacheRegime, status: Status,
    reason: String = ""
  ) {
    self.run = run
    self.kernel = kernel
    self.family = family
    self.layout = layout
    self.isa = isa
    self.bitsPerWeight = bitsPerWeight
    self.lossless = lossless
    self.model = model
    self.layer = layer
    self.outFeatures = outFeatures
    self.inFeatures = inFeatures
    self.tokens = tokens
    self.threads = threads
    self.cache = cache
    self.status = status
    self.reason = reason
  }
}

extension KernelRow {
  public static let schemaVersion = 4

  public static let values: [Column<KernelRow>] = [
    Column("run", \.run),
    Column("kernel", \.kernel),
    Column("family", \.family),
    Column("layout", \.layout),
    Column("isa", \.isa),
    Column("bits_per_weight", \.bitsPerWeight),
    Column("lossless", \.lossless),
    Column("model", \.model),
    Column("layer", \.layer),
    Column("out_features", \.outFeatures),
    Column("in_features", \.inFeatures),
    Column("tokens", \.tokens),
    Column("threads", \.threads),
    Column("cache", \.cache),
    Column("status", \.status),
    Column("reason", \.reason),
    Column("time_s", \.timeSeconds),
    Column("gop_per_s", derived: \.gopPerSecond),
    Column("packed_gb_per_s", derived: \.packedGBPerSecond),
    Column("quantize_s", \.quantizeSeconds),
    Column("prepare_s", \.prepareSeconds),
    Column("compute_s", \.computeSeconds),
    Column("pack_s", \.packSeconds),
    Column("packed_bytes", \.packedBytes),
    Column("max_abs_error", \.maxAbsError),
    Column("nmse", \.nmse),
    Column("zero_density", \.zeroDensity),
    Column("seed", \.seed),
    Column("reproduce", \.reproduce),
    Column("samples", \.samples),
    Column("time_mdape", \.timeMdAPE),
    Column("layer_count", \.layerCount),
    Column("tolerance", \.tolerance),
    Column("note", \.note),
    Column("pool_bytes", \.poolBytes),
    Column("page_size", \.pageSize),
    Column("read_gb_per_s", \.readGBPerSecond),
    Column("percent_of_read", derived: \.percentOfRead),
    Column("group", \.group, since: 2),
    Column("cpus", \.cpus, since: 2),
    Column("memory", \.memory, since: 2),
    Column("energy_measured_j", \.energyMeasuredJoules, since: 2),
    Column("energy_gross_j", \.energyGrossJoules, since: 2),
    Column("energy_source", \.energySource, since: 2),
    Column("energy_reason", \.energyReason, since: 2),
    Column("idle_w", \.idleWatts, since: 2),
    Column("energy_window_s", \.energyWindowSeconds, since: 2),
    Column("time_ci_low_s", \.timeLowSeconds, since: 2),
    Column("time_ci_high_s", \.timeHighSeconds, since: 2),
    Column("noisy", \.isNoisy, since: 2),
    Column("overhead_share", \.overheadShare, since: 2),
    Column("ceiling", \.ceiling, since: 3),
    Column("ceiling_s", \.ceilingSeconds, since: 3),
    Column("percent_of_ceiling", derived: \.percentOfCeiling, since: 3),
    Column("distinct_layers", \.distinctLayers, since: 4),
    Column("qkv_s", \.qkvSeconds, since: 4),
    Column("o_s", \.oSeconds, since: 4),
    Column("gate_up_s", \.gateUpSeconds, since: 4),
    Column("down_s", \.downSeconds, since: 4),
  ]

  public static let blank = KernelRow(
    run: "", kernel: "", family: "", layout: "", isa: "", bitsPerWeight: 0, lossless: false,
    model: "", layer: "", outFeatures: 1, inFeatures: 1, tokens: 1, threads: 1, cache: .hot,
    status: .skipped)

  /// 2·M·N·K / time: a multiplication and an addition for each weight and token, in 1e9 a second.
  public var gopPerSecond: Double? {
    timeSeconds.map { 2 * Double(outFeatures) * Double(tokens) * Double(inFeatures) / $0 / 1e9 }
  }

  /// Packed weights over time, in 1e9 bytes a second.
  public var packedGBPerSecond: Double? {
    guard let timeSeconds, let packedBytes else { return nil }
    return Double(packedBytes) / timeSeconds / 1e9
  }

  /// The packed weights' rate as a percentage of the read bandwidth.
  public var percentOfRead: Double? {
    guard let packedGBPerSecond, let readGBPerSecond else { return nil }
    return 100 * packedGBPerSecond / readGBPerSecond
  }

  /// The least time that the binding ceiling allows as a percentage of the time taken.
  ///
  /// Above 100 something is wrong with the measurement.
  public var percentOfCeiling: Double? {
    guard let timeSeconds, let ceilingSeconds else { return nil }
    return 100 * ceilingSeconds / timeSeconds
  }

  public var inconsistency: String? {
    if min(outFeatures, inFeatures, tokens, threads, layerCount) < 1 {
      return "out_features, in_features, tokens, threads and layer_count are at least 1"
    }
    if readGBPerSecond.map({ $0 <= 0 }) ?? false { return "read_gb_per_s is above 0" }
    if let energyMeasuredJoules {
      guard energyMeasuredJoules > 0, !energySource.isEmpty, idleWatts != nil,
        energyGrossJoules ?? 0 >= energyMeasuredJoules
      else {
        return
          "an energy_measured_j is above 0, has an energy_source and an idle_w, and is at most "
          + "its energy_gross_j"
      }
    }
    switch (timeLowSeconds, timeHighSeconds) {
    case (nil, nil): break
    case (let low?, let high?) where 0 < low && low <= high: break
    default: return "time_ci_low_s and time_ci_high_s are an interval above 0, or both empty"
    }
    if distinctLayers.map({ $0 < 1 }) ?? false { return "distinct_layers is at least 1" }
    if ceiling.isEmpty != (ceilingSeconds == nil) {
      return "ceiling and ceiling_s are given together"
    }
    switch status {
    case .ok:
      guard let timeSeconds, timeSeconds > 0, let samples, samples >= 1 else {
        return "a row that is ok has a time_s above 0 and its number of samples"
      }
      guard maxAbsError != nil else {
        return "a row that is ok was verified and has a max_abs_error"
      }
    case .emulated:
      if reason.isEmpty { return "a row that is emulated has a reason" }
      guard maxAbsError != nil else {
        return "a row that is emulated was verified and has a max_abs_error"
      }
      if hasMeasurement { return "a row that is emulated has neither times, rates nor energy" }
    case .failed, .skipped:
      if reason.isEmpty { return "a row that is \(status.rawValue) has a reason" }
      if timeSeconds != nil { return "a row that is \(status.rawValue) has no time_s" }
    }
    return nil
  }

  /// Whether a cell holds what only a processor itself can give.
  private var hasMeasurement: Bool {
    let cells = [
      timeSeconds, quantizeSeconds, prepareSeconds, computeSeconds, packSeconds, timeLowSeconds,
      timeHighSeconds, timeMdAPE, overheadShare, readGBPerSecond, ceilingSeconds,
      energyMeasuredJoules, energyGrossJoules, idleWatts, energyWindowSeconds, qkvSeconds, oSeconds,
      gateUpSeconds, downSeconds,
    ]
    return samples != nil || cells.contains { $0 != nil }
  }
}
