internal import Results
internal import Statistics

/// What was held equal while kernels were compared.
struct Conditions: Hashable, Comparable {
  let tokens: Int
  let threads: Int
  let cache: CacheRegime

  init(_ row: KernelRow) {
    self.init(tokens: row.tokens, threads: row.threads, cache: row.cache)
  }

  private init(tokens: Int, threads: Int, cache: CacheRegime) {
    (self.tokens, self.threads, self.cache) = (tokens, threads, cache)
  }

  /// One token is a step of decoding; more are a prompt.
  var phase: String { tokens == 1 ? "decode" : "prefill of \(tokens)" }

  var title: String { "\(titleWithoutCache), \(cache.rawValue)" }

  var titleWithoutCache: String { "\(phase), \(Numbers.count(threads, "thread"))" }

  /// The same with the weights elsewhere.
  func with(_ cache: CacheRegime) -> Conditions {
    Conditions(tokens: tokens, threads: threads, cache: cache)
  }

  static func < (a: Conditions, b: Conditions) -> Bool {
    (a.tokens, a.threads, a.cache.rawValue) < (b.tokens, b.threads, b.cache.rawValue)
  }
}

/// The kernels of a run on one model, or on one bare shape, under equal conditions.
struct Comparison {
  let conditions: Conditions
  let layers: [String]
  /// Those that were measured on some layer; fastest over all layers first.
  let entries: [Entry]
  private let turns: Turns
  /// The difference that counts.
  let minEffect: Double

  init(
    _ conditions: Conditions, layers: [String], rows: [KernelRow], turns: Turns, minEffect: Double
  ) {
    self.conditions = conditions
    self.layers = layers
    self.turns = turns
    self.minEffect = minEffect
    entries = Dictionary(grouping: rows, by: \.kernel).values
      .filter { $0.contains { $0.status == .ok } }
      .map { Entry(rows: $0, layers: layers) }
      .sorted { a, b in
        let (x, y) = (a.total?.seconds ?? .infinity, b.total?.seconds ?? .infinity)
        return (x, a.kernel) < (y, b.kernel)
      }
  }

  var fastest: Entry? { entries.first { $0.total != nil } }

  var fastestLossless: Entry? { entries.first { $0.total != nil && $0.isLossless } }

  /// The fastest kernel that computes with IEEE floating-point weights of so many bits.
  func baseline(bits: Double) -> Entry? {
    entries.first {
      $0.total != nil && $0.family == "float" && $0.bitsPerWeight == bits
        && !$0.layout.hasPrefix("bf16")
    }
  }

  /// Those whose intervals allow that they are as fast as the fastest.
  var rivals: [Entry] {
    guard let fastest else { return [] }
    return entries.filter { entry in
      guard entry.kernel != fastest.kernel, let ratio = speedUp(of: entry, over: fastest),
        ratio.interval != nil
      else { return false }
      return ratio.verdict(minEffect: minEffect) != .slower
    }
  }

  /// How many times faster than another an entry is, over all layers.
  ///
  /// Without rounds that both took part in it is the ratio of their medians, and has no interval.
  func speedUp(of entry: Entry, over other: Entry?) -> SpeedRatio? {
    guard let other, let total = entry.total, let reference = other.total else { return nil }
    let parts = layers.compactMap { layer -> Bootstrap.Part? in
      guard let own = entry.rows[layer], let others = other.rows[layer] else { return nil }
      return turns.part(own, others)
    }
    let paired = parts.count == layers.count ? Bootstrap().speedRatio(ofSumsOf: parts) : nil
    return paired
      ?? SpeedRatio(value: reference.seconds / total.seconds, interval: nil)
  }
}

/// One kernel in a comparison.
struct Entry {
  let kernel: String
  let family: String
  let layout: String
  let bitsPerWeight: Double
  let isLossless: Bool
  let rows: [String: KernelRow]
  /// Over all layers, each as often as it occurs; nil where a layer was not measured.
  let total: Total?
  /// The layers that were not measured, with how they ended.
  let missing: [(layer: String, ending: String)]

  struct Total {
    /// One pass of all tokens through all layers.
    var seconds = 0.0
    var operations = 0.0
    /// Nil where a layer lacks it.
    var packedBytes: Double? = 0
    /// How long reading those bytes would take at the read bandwidth.
    var readSeconds: Double? = 0
    /// The least time that the ceilings which bind the layers allow.
    var ceilingSeconds: Double? = 0
    var hasSingleSample = false

    var gopPerSecond: Double { operations / seconds / 1e9 }
    var packedGBPerSecond: Double? { packedBytes.map { $0 / seconds / 1e9 } }
    var shareOfRead: Double? { readSeconds.map { $0 / seconds } }
    var shareOfCeiling: Double? { ceilingSeconds.map { $0 / seconds } }
  }

  /// - Precondition: At least one row, all of one kernel.
  init(rows all: [KernelRow], layers: [String]) {
    let first = all[0]
    kernel = first.kernel
    family = first.family
    layout = first.layout
    bitsPerWeight = first.bitsPerWeight
    isLossless = first.lossless
    let rows = Dictionary(all.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
    self.rows = rows
    missing = layers.compactMap { layer in
      guard let row = rows[layer] else { return (layer, "not run") }
      return row.status == .ok ? nil : (layer, row.status.rawValue)
    }
    total = missing.isEmpty ? Entry.total(layers.compactMap { rows[$0] }) : nil
  }

  /// "exact" when every layer that was measured agreed with the oracle to the bit.
  var verification: String {
    let errors = rows.values.filter { $0.status == .ok }.map(\.maxAbsError)
    if errors.contains(nil) { return "no" }
    return errors.allSatisfy { $0 == 0 } ? "exact" : "within tolerance"
  }

  private static func total(_ rows: [KernelRow]) -> Total {
    var total = Total()
    for row in rows {
      let count = Double(row.layerCount)
      let seconds = row.timeSeconds ?? 0
      total.seconds += count * seconds
      total.operations += count * (row.gopPerSecond ?? 0) * seconds * 1e9
      let bytes = row.packedBytes.map { count * Double($0) }
      total.packedBytes = total.packedBytes.flatMap { sum in bytes.map { sum + $0 } }
      let reading = bytes.flatMap { bytes in row.readGBPerSecond.map { bytes / ($0 * 1e9) } }
      total.readSeconds = total.readSeconds.flatMap { sum in reading.map { sum + $0 } }
      total.ceilingSeconds = total.ceilingSeconds.flatMap { sum in
        row.ceilingSeconds.map { sum + count * $0 }
      }
      total.hasSingleSample = total.hasSingleSample || row.samples == 1
    }
    return total
  }
}

extension KernelRow {
  /// The column of the row: its layer, or for a bare shape M×K.
  var label: String { model.isEmpty ? "\(outFeatures)×\(inFeatures)" : layer }
}

/// A model, or one bare shape, with everything that was compared on it.
struct Subject {
  let title: String
  let layers: [String]
  /// One row a layer, of whichever kernel: shape and count are the same for all.
  let shapes: [KernelRow]
  let comparisons: [Comparison]
  /// The kernels that were wrong in any case.
  let failed: Set<String>

  /// The models in the environment's order, then bare shapes by size; rings have tables of their own.
  static func all(in run: Run, minEffect: Double = SpeedRatio.defaultMinEffect) -> [Subject] {
    let ringOnly = Set(run.kernels.map(\.model))
      .subtracting(run.kernels.filter { $0.cache != .ring }.map(\.model))
    let layers = run.kernels.filter { $0.cache != .ring }
    let bare = layers.filter { $0.model.isEmpty }
    let shapes = Dictionary(grouping: bare, by: \.label).values.sorted {
      ($0[0].outFeatures, $0[0].inFeatures) < ($1[0].outFeatures, $1[0].inFeatures)
    }
    let turns = Turns(run.samples)
    return run.environment.models.filter { !ringOnly.contains($0.slug) }.map { model in
      Subject(
        model.slug, layers: model.layers, rows: layers.filter { $0.model == model.slug },
        turns: turns, minEffect: minEffect)
    }
      + shapes.map {
        Subject(
          "shape \($0[0].label)", layers: [$0[0].label], rows: $0, turns: turns,
          minEffect: minEffect)
      }
  }

  private init(
    _ title: String, layers: [String], rows: [KernelRow], turns: Turns, minEffect: Double
  ) {
    self.title = title
    self.layers = layers
    failed = Set(rows.filter { $0.status == .failed }.map(\.kernel))
    shapes = layers.compactMap { layer in rows.first { $0.label == layer } }
    comparisons = Dictionary(grouping: rows, by: Conditions.init)
      .sorted { $0.key < $1.key }
      .map {
        Comparison($0.key, layers: layers, rows: $0.value, turns: turns, minEffect: minEffect)
      }
  }
}
