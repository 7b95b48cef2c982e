internal import Models
public import Results

/// The page of runs of `decode` on one machine: tokens per second by model and kernel.
///
/// A pure function of the runs' folders and of the papers' figures that are part of the program.
public struct DecodePage {
  let environment: RunEnvironment
  /// A row for each case; of cases that were measured again, the latest run's.
  let rows: [DecodeRow]

  /// Reads the folders of runs.
  ///
  /// - Throws: `ResultsError` if a file is bad, or if the runs are of several machines.
  public init(_ folders: [RunFolder]) throws {
    var rows: [DecodeRow] = []
    var environments: [RunEnvironment] = []
    for folder in folders.sorted(by: { $0.run < $1.run }) {
      let environment = try RunEnvironment(contentsOf: folder.environment)
      if let first = environments.first,
        first.host != environment.host || first.processor.model != environment.processor.model
      {
        throw ResultsError(
          .data, file: folder.environment,
          reason: "is of \(environment.host), and \(first.run) is of \(first.host)",
          remedy: "give one machine's runs at a time: no table mixes machines")
      }
      environments.append(environment)
      rows += try CSVReader<DecodeRow>(folder.decode).rows
    }
    guard let last = environments.last, !rows.isEmpty else {
      throw ResultsError(
        .data, file: folders.first?.path ?? "", reason: "holds no rows of decode",
        remedy: "measure again with: ternbench decode")
    }
    self.init(environment: last, rows: rows)
  }

  init(environment: RunEnvironment, rows: [DecodeRow]) {
    self.environment = environment
    self.rows = Groups(rows) { [$0.model, Self.column($0)] }.inOrder.compactMap(\.last)
  }

  /// What a case's column is named: all that differs but the model.
  static func column(_ row: DecodeRow) -> String {
    var words = [row.kernel, Numbers.count(row.threads, "thread"), "head \(row.head)"]
    if row.memory != "f16" { words.append("memory \(row.memory)") }
    if row.batch > 1 { words.append("batch \(row.batch)") }
    words.append("behind \(row.promptTokens)")
    return words.joined(separator: ", ")
  }

  /// Writes page and plot beside the newest run's own page, and returns the page's path.
  public func write(to folder: String) throws -> String {
    let path = "\(folder)/\(environment.run)"
    try RunFolder.makeFolders(path)
    if let svg = plot.svg { try AtomicFile.write(svg, to: "\(path)/\(DecodePlot.fileName)") }
    try AtomicFile.write(markdown, to: "\(path)/decode.md")
    return "\(path)/decode.md"
  }

  var plot: DecodePlot {
    DecodePlot(
      rows.compactMap { row in
        row.decodeTokensPerSecond.map { speed in
          DecodePlot.Point(
            series: Self.column(row), label: row.model,
            gigabytes: Double(row.ternaryBytes + row.headBytes + row.memoryBytes) / 1e9,
            tokensPerSecond: speed)
        }
      })
  }

  /// The page.
  public var markdown: String {
    let processor =
      switch environment.processor.model {
      case .value(let model): model
      case .unavailable: environment.host
      }
    return [
      """
      \(Markdown.cell("# Decoding on \(processor), \(environment.utc)"))

      Tokens of all sequences over the median step behind a prompt. Synthetic weights take as long as real
      ones. A model of which fewer layers are in memory than it has uses these in rotation, and computes all.

      ## Tokens per second by model and kernel

      Columns named OTHER MACHINE are what \(Self.sources) prints for other processors, memory and
      programs: they were not measured here, and say nothing of this machine.

      \(speeds)
      """,
      plot.svg == nil ? "" : "![tokens per second over bytes per token](\(DecodePlot.fileName))\n",
      "## What a step reads, and where its time goes\n\n" + parts,
      loading,
      energy,
    ].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private static var sources: String {
    Markdown.list(Groups(PaperSpeed.all) { [$0.source] }.inOrder.map { $0[0].source })
  }

  /// Models in the order of their bytes, which is that of their sizes.
  private var models: [String] {
    Groups(rows) { [$0.model] }.inOrder
      .map { group in
        (model: group[0].model, bytes: group.map { $0.ternaryBytes + $0.headBytes }.min() ?? 0)
      }
      .sorted { ($0.bytes, $0.model) < ($1.bytes, $1.model) }.map(\.model)
  }

  private var speeds: String {
    let ours = Groups(rows) { [Self.column($0)] }.inOrder.map { Self.column($0[0]) }.sorted()
    let known = Set(rows.map(\.model))
    let papers = PaperSpeed.all.filter { known.contains($0.model) }
    let theirs = Groups(papers) { [$0.column] }.inOrder.map { $0[0].column }
    var table = MarkdownTable(
      [("model", .left), ("layers in memory", .right)] + ours.map { ($0, .right) }
        + theirs.map { ("OTHER MACHINE: \($0)", .right) })
    for model in models {
      let of = rows.filter { $0.model == model }
      let layers = Set(of.map { "\($0.distinctLayers) of \($0.layers)" }).sorted()
      let own = ours.map { column in
        of.first { Self.column($0) == column }?.decodeTokensPerSecond
          .map { Numbers.significant($0) } ?? ""
      }
      let other = theirs.map { column in
        papers.first { $0.model == model && $0.column == column }?.tokensPerSecond ?? ""
      }
      table.append([model, layers.joined(separator: ", ")] + own + other)
    }
    return table.text
  }

  private var parts: String {
    var table = MarkdownTable([
      ("model", .left), ("case", .left), ("ms/token", .right), ("p99 ms", .right),
      ("MB/token", .right), ("GB/s", .right), ("% of read", .right), ("linear ms", .right),
      ("quantize ms", .right), ("attention ms", .right), ("norms ms", .right), ("head ms", .right),
      ("prefill tokens/s", .right),
    ])
    func text(_ value: Double?) -> String { value.map { Numbers.significant($0) } ?? "" }
    for model in models {
      for row in rows where row.model == model {
        let linear = row.qkvSeconds + row.oSeconds + row.gateUpSeconds + row.downSeconds
        table.append([
          model, Self.column(row), text(1e3 * row.stepSeconds), text(1e3 * row.stepSecondsP99),
          text(Double(row.ternaryBytes + row.headBytes + row.memoryBytes) / 1e6),
          text(row.gbPerSecond), text(row.percentOfRead), text(1e3 * linear),
          text(1e3 * row.quantizeSeconds), text(1e3 * row.attentionSeconds),
          text(1e3 * row.normsSeconds), text(1e3 * row.headSeconds),
          text(row.prefillTokensPerSecond),
        ])
      }
    }
    return table.text
  }
}
