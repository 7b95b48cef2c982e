/// One row of `energy.csv`: the modelled energy of one call of a kernel on one shape, at one node.
///
/// All of it follows from the kernel's counts and a table of energies: no machine takes part. A figure that
/// the table cannot give is empty, with the reason.
public struct EnergyRow: CSVRow {
  public var run: String
  public var kernel: String
  /// The model's slug; empty for a bare shape.
  public var model: String
  public var layer: String
  public var layerCount: Int
  public var outFeatures: Int
  public var inFeatures: Int
  public var tokens: Int
  /// Where the weights are when the call begins.
  public var cache: CacheRegime
  /// "7nm".
  public var node: String

  /// M · N · K.
  public var macs: Int
  /// Bounds: some operations have no published energy.
  public var arithmeticJoulesLeast: Double
  public var arithmeticJoulesMost: Double
  public var arithmeticSource: String
  public var sramBytes: Int?
  public var sramJoulesLeast: Double?
  public var sramJoulesMost: Double?
  public var sramSource: String
  public var dramBytes: Int?
  public var dramJoulesLeast: Double?
  public var dramJoulesMost: Double?
  public var dramSource: String
  /// Why a figure is missing.
  public var reason: String

  /// Creates a row whose figures are still to be filled in.
  public init(
    run: String, kernel: String, model: String, layer: String, layerCount: Int, outFeatures: Int,
    inFeatures: Int, tokens: Int, cache: CacheRegime, node: String
  ) {
    self.run = run
    self.kernel = kernel
    self.model = model
    self.layer = layer
    self.layerCount = layerCount
    self.outFeatures = outFeatures
    self.inFeatures = inFeatures
    self.tokens = tokens
    self.cache = cache
    self.node = node
    (macs, arithmeticJoulesLeast, arithmeticJoulesMost) = (0, 0, 0)
    (arithmeticSource, sramSource, dramSource, reason) = ("", "", "", "")
  }
}

extension EnergyRow {
  public static let schemaVersion = 1

  public static let values: [Column<EnergyRow>] = [
    Column("run", \.run),
    Column("kernel", \.kernel),
    Column("model", \.model),
    Column("layer", \.layer),
    Column("layer_count", \.layerCount),
    Column("out_features", \.outFeatures),
    Column("in_features", \.inFeatures),
    Column("tokens", \.tokens),
    Column("cache", \.cache),
    Column("node", \.node),
    Column("macs", \.macs),
    Column("arithmetic_j_least", \.arithmeticJoulesLeast),
    Column("arithmetic_j_most", \.arithmeticJoulesMost),
    Column("arithmetic_pj_per_mac_least", derived: \.arithmeticPerMACLeast),
    Column("arithmetic_pj_per_mac_most", derived: \.arithmeticPerMACMost),
    Column("arithmetic_source", \.arithmeticSource),
    Column("sram_bytes", \.sramBytes),
    Column("sram_j_least", \.sramJoulesLeast),
    Column("sram_j_most", \.sramJoulesMost),
    Column("sram_source", \.sramSource),
    Column("dram_bytes", \.dramBytes),
    Column("dram_j_least", \.dramJoulesLeast),
    Column("dram_j_most", \.dramJoulesMost),
    Column("dram_source", \.dramSource),
    Column("j_per_token_least", derived: \.joulesPerTokenLeast),
    Column("j_per_token_most", derived: \.joulesPerTokenMost),
    Column("reason", \.reason),
  ]

  public static let blank = EnergyRow(
    run: "", kernel: "", model: "", layer: "", layerCount: 1, outFeatures: 1, inFeatures: 1,
    tokens: 1, cache: .cold, node: "")

  /// Picojoules of arithmetic for each multiply-add of the mathematics, padding being the kernel's.
  public var arithmeticPerMACLeast: Double? { arithmeticJoulesLeast * 1e12 / Double(macs) }
  public var arithmeticPerMACMost: Double? { arithmeticJoulesMost * 1e12 / Double(macs) }

  /// Arithmetic and memory of this call, a token's share.
  public var joulesPerTokenLeast: Double? {
    perToken(arithmeticJoulesLeast, sramJoulesLeast, dramJoulesLeast)
  }
  public var joulesPerTokenMost: Double? {
    perToken(arithmeticJoulesMost, sramJoulesMost, dramJoulesMost)
  }

  private func perToken(_ arithmetic: Double, _ sram: Double?, _ dram: Double?) -> Double? {
    guard let sram, let dram else { return nil }
    return (arithmetic + sram + dram) / Double(tokens)
  }

  public var inconsistency: String? {
    if min(outFeatures, inFeatures, tokens, layerCount, macs) < 1 {
      return "out_features, in_features, tokens, layer_count and macs are at least 1"
    }
    let ranges = [
      (arithmeticJoulesLeast, arithmeticJoulesMost, "arithmetic"),
      (sramJoulesLeast ?? 0, sramJoulesMost ?? 0, "sram"),
      (dramJoulesLeast ?? 0, dramJoulesMost ?? 0, "dram"),
    ]
    if let wrong = ranges.first(where: { $0.0 < 0 || $0.1 < $0.0 }) {
      return "\(wrong.2)_j_least is at least 0 and at most \(wrong.2)_j_most"
    }
    if !arithmeticSource.hasPrefix("modelled: ") {
      return "arithmetic_source begins with modelled:"
    }
    let sources = [(sramJoulesLeast, sramSource, "sram"), (dramJoulesLeast, dramSource, "dram")]
    if let bare = sources.first(where: { ($0.0 ?? 0) > 0 && !$0.1.hasPrefix("modelled: ") }) {
      return "\(bare.2)_source begins with modelled: where there is an energy"
    }
    let isComplete = joulesPerTokenLeast != nil && joulesPerTokenMost != nil
    guard isComplete || !reason.isEmpty else { return "a missing figure has a reason" }
    return nil
  }
}
