internal import Results

/// What kernels execute for a weight, of any number of runs: counts are compared across machines, times are not.
///
/// One table a shape. A kernel whose counts two runs of one architecture agree on has one row.
struct CountsTable {
  private let entries: [CountedKernel]

  /// Takes the runs in order; kernels are listed family by family, as the first run that has one meets it.
  init(_ runs: [Run]) {
    let all = runs.flatMap { CountedKernel.all(in: $0) }
    entries = Groups(all) { [$0.kernel, $0.architecture, $0.shape] + $0.cells }.inOrder.map {
      $0[0]
    }
  }

  var isEmpty: Bool { entries.isEmpty }

  /// A table for each shape, under its heading.
  var text: String {
    Groups(entries) { [$0.shape] }.inOrder.map { "### M×K = \($0[0].shape)\n\n" + table($0) }
      .joined(separator: "\n")
  }

  /// How to read it.
  static let guide = """
    Instructions and loads are those of user code for each product of a weight and an input, M·N·K of them:
    of computing, then of the whole call, with quantizing and preparing. A load is an instruction that
    reads memory, whatever it reads at once. Counts are no times: an instruction of 512 bits is not one of 128.
    *emulated*: by the plug-in of an emulator, where no time, rate or energy says anything. *single-stepped*:
    on the processor itself. Verified: against the oracle, in that run, before it was counted.

    """

  private func table(_ entries: [CountedKernel]) -> String {
    let tokens = Set(entries.flatMap(\.counts.keys)).sorted()
    var table = MarkdownTable(
      [
        ("kernel", .left), ("on", .left), ("counts", .left), ("verified", .left),
        ("bits/weight", .right),
      ]
        + tokens.flatMap { tokens -> [(String, MarkdownTable.Alignment)] in
          [
            ("instructions/weight, N = \(tokens)", .right), ("loads/weight", .right),
            ("whole call", .right), ("its loads", .right),
          ]
        })
    for family in Groups(entries, by: { [$0.family] }).inOrder {
      for entry in family {
        table.append(
          [
            entry.kernel, entry.processor, entry.source, entry.verification,
            Numbers.significant(entry.bitsPerWeight),
          ] + tokens.flatMap { entry.cells($0) })
      }
    }
    return table.text
  }
}

/// One kernel's counts on one shape in one run, by the number of tokens.
private struct CountedKernel {
  let kernel: String
  let family: String
  let bitsPerWeight: Double
  let shape: String
  let architecture: String
  /// "x86_64, AMD EPYC".
  let processor: String
  let source: String
  let verification: String
  let counts: [Int: Counts]

  struct Counts {
    let instructions: Double?
    let loads: Double?
    let allInstructions: Double?
    let allLoads: Double?
  }

  /// Events of exact sources, which say the same in every run; sampled or scaled counts are for the counters' own table.
  private static let sources = ["plugin": "emulated", "step": "single-stepped"]

  /// The kernels that a run has counted, in its order, and those that were wrong.
  static func all(in run: Run) -> [CountedKernel] {
    let counted = Dictionary(
      grouping: run.counters.filter { sources[$0.source] != nil }, by: \.kernel)
    guard let source = run.counters.lazy.compactMap({ sources[$0.source] }).first else { return [] }
    let rows = run.kernels.filter { $0.status != .skipped && $0.cache != .ring }
    return Groups(rows) { [$0.kernel, "\($0.outFeatures)×\($0.inFeatures)"] }.inOrder.map { rows in
      let own = (counted[rows[0].kernel] ?? []).filter {
        $0.outFeatures == rows[0].outFeatures && $0.inFeatures == rows[0].inFeatures
      }
      // Counts are of one thread whatever the row's; where the weights lie is nothing to them.
      let cases = Groups(own) { ["\($0.tokens)"] }.inOrder.compactMap { rows in
        Groups(rows) { ["\($0.threads)", $0.cache.rawValue, $0.model, $0.layer] }.inOrder.first
      }
      return CountedKernel(
        kernel: rows[0].kernel, family: rows[0].family, bitsPerWeight: rows[0].bitsPerWeight,
        shape: "\(rows[0].outFeatures)×\(rows[0].inFeatures)",
        architecture: run.environment.system.architecture,
        processor: "\(run.environment.system.architecture), \(run.environment.processorName)",
        source: source, verification: verification(rows),
        counts: Dictionary(
          cases.map { ($0[0].tokens, Counts($0)) }, uniquingKeysWith: { first, _ in first }))
    }
  }

  private static func verification(_ rows: [KernelRow]) -> String {
    if rows.contains(where: { $0.status == .failed }) { return "failed" }
    return rows.allSatisfy { $0.maxAbsError == 0 } ? "exact" : "within tolerance"
  }

  /// The cells of a number of tokens.
  func cells(_ tokens: Int) -> [String] {
    let counts = counts[tokens]
    return [
      counts?.instructions, counts?.loads, counts?.allInstructions, counts?.allLoads,
    ].map { Cells.number($0) }
  }

  /// Everything that makes two rows of one kernel differ.
  var cells: [String] {
    [source, verification]
      + counts.sorted { $0.key < $1.key }.flatMap { ["\($0.key)"] + cells($0.key) }
  }
}

extension CountedKernel.Counts {
  /// - Precondition: At least one row, all of one case.
  init(_ rows: [CounterRow]) {
    let products =
      Double(rows[0].outFeatures) * Double(rows[0].inFeatures) * Double(rows[0].tokens)
    func sum(_ event: String, _ isCounted: (CounterRow) -> Bool) -> Double? {
      let values = rows.filter { $0.event == event && isCounted($0) }.map(\.value)
      guard !values.isEmpty, !values.contains(nil) else { return nil }
      return values.compactMap(\.self).reduce(0, +) / products
    }
    instructions = sum("instructions") { $0.stage == "compute" }
    loads = sum("loads") { $0.stage == "compute" }
    allInstructions = sum("instructions") { _ in true }
    allLoads = sum("loads") { _ in true }
  }
}

extension RunEnvironment {
  /// What the run calls its processor, in few words.
  var processorName: String { processor.model.value ?? "processor unknown" }
}
