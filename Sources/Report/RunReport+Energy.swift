internal import Energy
internal import Results

extension RunReport {
  /// Modelled energy of each model's kernels beside the measured, at the papers' node.
  ///
  /// Empty for runs from before there was an energy.csv, and where there is nothing of the node.
  var energy: String {
    let rows = run.energy.filter { $0.node == OperationEnergies.papersNode }
    let sections = subjects.flatMap { subject in
      EnergyComparison.all(of: subject, in: run, rows: rows).map(\.text)
    }
    guard !sections.isEmpty else { return "" }
    return """
      ## Energy

      Two ledgers that never mix. **Modelled**: the operations and bytes that a kernel counts, times
      published energies of single ones; it says how kernels compare on equal silicon and knows nothing of
      this machine. Ranges are bounds, where nobody has published an energy. Memory is what the counted
      bytes cost at the levels that the cache regime implies. **Measured**: what a meter of this machine
      counted above its idle power. `energy.csv` holds each layer, and other nodes.

      \(sections.joined(separator: "\n"))
      """
  }
}

/// The energies of the kernels on one model, or one bare shape, for equal tokens and cache regime.
struct EnergyComparison {
  let subject: Subject
  let tokens: Int
  let cache: CacheRegime
  let entries: [EnergyEntry]

  static func all(of subject: Subject, in run: Run, rows: [EnergyRow]) -> [EnergyComparison] {
    let rows = rows.filter { $0.subject == subject.title }
    return Groups(rows) { ["\($0.tokens)", $0.cache.rawValue] }.inOrder.map { group in
      EnergyComparison(
        subject: subject, tokens: group[0].tokens, cache: group[0].cache,
        entries: Groups(group) { [$0.kernel] }.inOrder.compactMap { rows in
          EnergyEntry(
            rows, layers: subject.layers,
            measured: run.kernels.filter {
              $0.kernel == rows[0].kernel && $0.subject == subject.title
                && $0.tokens == rows[0].tokens && $0.cache == rows[0].cache
            })
        }.sorted { ($0.order, $0.kernel) < ($1.order, $1.kernel) })
    }
  }

  var text: String {
    guard !entries.isEmpty else { return "" }
    let phase = tokens == 1 ? "decode" : "prefill of \(tokens)"
    var table = MarkdownTable(
      [
        ("kernel", .left), ("arithmetic, µJ/token", .right), ("memory, µJ/token", .right),
        ("modelled, µJ/token", .right), ("saving: float32 ÷ this", .right),
        ("float16 ÷ this", .right),
      ] + threads.map { ("measured, J/token, \(Numbers.count($0, "thread"))", .right) })
    for entry in entries {
      table.append(
        [
          entry.kernel, Self.microjoules(entry.arithmetic), Self.microjoules(entry.memory),
          Self.microjoules(entry.total), Self.saving(baseline("float32"), entry),
          Self.saving(baseline("float16"), entry),
        ] + threads.map { Cells.number(entry.measured[$0]?.joulesPerToken) })
    }
    if let paper {
      table.append(
        ["*paper: \(paper.source)* ‡", Numbers.significant(paper.microjoules)]
          + Array(repeating: Cells.none, count: 4 + threads.count))
    }
    return "### \(subject.title), \(phase), \(cache.rawValue)\n\n" + table.text + "\n"
      + notes.map { "- \($0)\n" }.joined()
  }

  /// The numbers of threads with which the case was run.
  private var threads: [Int] { Set(entries.flatMap { $0.measured.keys }).sorted() }

  /// The least modelled energy of the family that computes with such floats.
  private func baseline(_ name: String) -> EnergyEntry? {
    let layout = name == "float32" ? "float_" : "float_f16_"
    return entries.first { entry in
      entry.total != nil && entry.kernel.hasPrefix(layout)
        && (name == "float16"
          || !["float_f16_", "float_bf16_"].contains(where: entry.kernel.hasPrefix))
    }
  }

  private var notes: [String] {
    var notes = [
      "Modelled: " + Set(entries.flatMap(\.sources)).sorted().joined(separator: "; ") + "."
    ]
    for name in ["float32", "float16"] {
      notes.append(
        baseline(name).map { "\(name) is \($0.kernel), the least of its kind." }
          ?? "No \(name) kernel has a modelled total, so there is no saving against it.")
    }
    for reason in Set(entries.flatMap(\.reasons)).sorted() { notes.append("No total: \(reason).") }
    let measured = entries.flatMap { $0.measured.values }
    let sources = Set(measured.map(\.source).filter { !$0.isEmpty }).sorted()
    if !sources.isEmpty { notes.append("Measured: " + sources.joined(separator: "; ") + ".") }
    let missing = entries.contains { entry in threads.contains { entry.measured[$0] == nil } }
    let reasons =
      measured.compactMap(\.reason)
      + (missing || threads.isEmpty ? ["kernels.csv has no row of the kernel in this case"] : [])
    for reason in Set(reasons).sorted() { notes.append("Not measured: \(reason).") }
    if let paper {
      notes.append(
        "‡ Reference, not a kernel: \(paper.words) What is above it is of the ternary layers alone."
      )
    }
    return notes
  }

  /// The paper's energy of this model, a token's share.
  private var paper: (source: String, microjoules: Double, words: String)? {
    guard
      let figure = PaperFigure.all.first(where: {
        $0.model == subject.title && $0.node == OperationEnergies.papersNode
          && $0.scheme == .ternary && $0.quantity == .totalJoules && $0.printed != nil
      }), let printed = figure.printed, let joules = Double(printed), let source = figure.source
    else { return nil }
    let tokens = Double(PaperFigure.tokens)
    return (
      source, joules / tokens * 1e6,
      "\(printed) J printed for a forward pass of \(PaperFigure.tokens) tokens, arithmetic with "
        + "attention, without memory, divided by \(PaperFigure.tokens)."
    )
  }

  private static func microjoules(_ joules: ClosedRange<Double>?) -> String {
    guard let joules else { return Cells.none }
    return range(joules.lowerBound * 1e6, joules.upperBound * 1e6)
  }

  /// How many times the baseline's energy is this one's, at the worst and at the best.
  private static func saving(_ baseline: EnergyEntry?, _ entry: EnergyEntry) -> String {
    guard let base = baseline?.total, let own = entry.total else { return Cells.none }
    guard baseline?.kernel != entry.kernel else { return "1.00" }
    return range(base.lowerBound / own.upperBound, base.upperBound / own.lowerBound)
  }

  private static func range(_ low: Double, _ high: Double) -> String {
    let (low, high) = (Numbers.significant(low), Numbers.significant(high))
    return low == high ? low : "\(low) – \(high)"
  }
}

/// One kernel's energies for a token of a model.
struct EnergyEntry {
  let kernel: String
  let arithmetic: ClosedRange<Double>
  /// Nil where a layer has no figure.
  let memory: ClosedRange<Double>?
  let total: ClosedRange<Double>?
  let sources: [String]
  let reasons: [String]
  /// By number of threads.
  let measured: [Int: MeasuredEnergy]

  /// Nil where not every layer of the model has a row.
  init?(_ rows: [EnergyRow], layers: [String], measured kernels: [KernelRow]) {
    let rows = layers.compactMap { layer in rows.first { $0.label == layer } }
    guard let first = rows.first, rows.count == layers.count else { return nil }
    kernel = first.kernel
    func sum(_ value: (EnergyRow) -> Double?) -> Double? {
      rows.reduce(0.0) { total, row in
        guard let total, let value = value(row) else { return nil }
        return total + value * Double(row.layerCount) / Double(row.tokens)
      }
    }
    func range(_ low: Double?, _ high: Double?) -> ClosedRange<Double>? {
      guard let low, let high, low <= high else { return nil }
      return low...high
    }
    arithmetic =
      range(sum { $0.arithmeticJoulesLeast }, sum { $0.arithmeticJoulesMost }) ?? 0...0
    memory = range(
      sum { row in row.sramJoulesLeast.flatMap { s in row.dramJoulesLeast.map { s + $0 } } },
      sum { row in row.sramJoulesMost.flatMap { s in row.dramJoulesMost.map { s + $0 } } })
    total = range(
      sum { $0.joulesPerTokenLeast.map { $0 * Double(first.tokens) } },
      sum { $0.joulesPerTokenMost.map { $0 * Double(first.tokens) } })
    sources = rows.flatMap { [$0.arithmeticSource, $0.sramSource, $0.dramSource] }
      .filter { !$0.isEmpty }
      .map { $0.hasPrefix("modelled: ") ? String($0.dropFirst("modelled: ".count)) : $0 }
    reasons = Set(rows.map(\.reason).filter { !$0.isEmpty }).sorted()
    measured = Dictionary(grouping: kernels, by: \.threads).mapValues {
      MeasuredEnergy($0, layers: layers)
    }
  }

  /// What the table is sorted by.
  var order: Double {
    total.map { $0.lowerBound + $0.upperBound }
      ?? 1e9 + arithmetic.lowerBound + arithmetic.upperBound
  }
}

/// The measured energy of a token of a model, or why there is none.
struct MeasuredEnergy {
  let joulesPerToken: Double?
  let source: String
  let reason: String?

  init(_ rows: [KernelRow], layers: [String]) {
    let rows = layers.compactMap { layer in rows.first { $0.label == layer } }
    var joules: Double? = rows.count == layers.count ? 0 : nil
    for row in rows {
      joules = joules.flatMap { sum in
        row.energyMeasuredJoules.map { sum + $0 * Double(row.layerCount) / Double(row.tokens) }
      }
    }
    joulesPerToken = joules
    source = Set(rows.map(\.energySource).filter { !$0.isEmpty }).sorted().joined(separator: ", ")
    let reasons = Set(rows.map(\.energyReason).filter { !$0.isEmpty }).sorted()
    reason =
      joules != nil
      ? nil : reasons.first ?? "this run did not look for a meter, or the kernel did not run"
  }
}

extension EnergyRow {
  /// The column of the row: its layer, or for a bare shape M×K.
  fileprivate var label: String { model.isEmpty ? "\(outFeatures)×\(inFeatures)" : layer }

  /// The title of the subject it is of.
  fileprivate var subject: String { model.isEmpty ? "shape \(label)" : model }
}

extension KernelRow {
  fileprivate var subject: String { model.isEmpty ? "shape \(label)" : model }
}
