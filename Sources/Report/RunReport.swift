public import Results

/// The report of one run, in Markdown: a pure function of the run's folder.
public struct RunReport {
  let run: Run
  let subjects: [Subject]

  /// Creates the report of a run.
  public init(_ run: Run) {
    self.run = run
    subjects = Subject.all(in: run)
  }

  /// The table that answers first: the fastest kernel of each case and its speed-ups.
  public var headline: String { Headline(run: run, subjects: subjects).text }

  /// The whole page.
  public var page: String {
    let sections =
      [opening, "## The fastest kernels\n\n" + headline, RunReport.guide]
      + subjects.map(section) + [failures, notes, ceilings, source]
    return sections.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// Writes each run's page to `<folder>/<run>/README.md`, so that no table mixes machines.
  ///
  /// - Returns: The paths of the pages, in the order of the runs.
  public static func write(_ runs: [RunFolder], to folder: String) throws -> [String] {
    // All are read before one is written: a bad run leaves no half of a set behind.
    var pages: [String: String] = [:]
    let names = try runs.map { folder in
      let run = try Run(folder)
      guard pages.updateValue(RunReport(run).page, forKey: run.environment.run) == nil else {
        throw ResultsError(
          .data, file: folder.path, reason: "a second run named \(run.environment.run)",
          remedy: "give each run once")
      }
      return run.environment.run
    }
    return try names.map { name in
      let path = "\(folder)/\(name)"
      try RunFolder.makeFolders(path)
      try AtomicFile.write(pages[name] ?? "", to: "\(path)/README.md")
      return "\(path)/README.md"
    }
  }
}

extension RunReport {
  /// How to read the numbers.
  static let guide = """
    ## How to read this

    - M is output features (rows of weights), N tokens, K input features. A layer is M×K.
    - A time is one call: quantizing the activations, preparing them, computing. It is the median
      of repetitions ± MdAPE, the median absolute percentage error.
    - ms/token adds up the model's ternary layers, each as often as it occurs, divided by the
      tokens of a call. The rest of the model (attention, norms, output head) is not in it.
    - GOP/s is 2·M·N·K / time / 1e9. GB/s is packed weights over time, 1 GB = 1e9 bytes; its
      percentage is of the read bandwidth measured in the same case.
    - × a kernel is that kernel's time over this one's: above 1 is faster. × fastest is 1.00 for
      the fastest. Ratios are of medians. Bold is the fastest of its column.
    - Lossless kernels give the bits of the exact integer sum. Each kernel was compared with an
      oracle before it was timed: exact, or within the tolerance it declares.
    - cold: the weights come from memory. hot: they are where the last call left them.

    """

  /// A model's section: its layers, all kernels at a glance, then each case.
  private func section(_ subject: Subject) -> String {
    guard !subject.shapes.isEmpty else {
      return "## \(subject.title)\n\nNothing of this model was run.\n"
    }
    let layers = subject.shapes.map { row in
      row.model.isEmpty
        ? row.label : "\(row.layer) \(row.outFeatures)×\(row.inFeatures) (\(row.layerCount) times)"
    }
    let absent = subject.layers.filter { layer in !subject.shapes.contains { $0.label == layer } }
    var text = "## \(subject.title)\n\nLayers, M×K: \(layers.joined(separator: ", ")).\n"
    if !absent.isEmpty { text += "Not in this run: \(absent.joined(separator: ", ")).\n" }
    return text + "\n" + overview(subject)
      + subject.comparisons.map { "\n" + $0.text }.joined()
  }

  /// Kernel × case of ms/token.
  private func overview(_ subject: Subject) -> String {
    let comparisons = subject.comparisons
    var table = MarkdownTable(
      [
        ("kernel, ms/token", .left), ("lossless", .left), ("verified", .left),
        ("bits/weight", .right),
      ]
        + comparisons.map { ($0.conditions.title, .right) })
    var seen: Set<String> = []
    for entry in comparisons.flatMap(\.entries) where seen.insert(entry.kernel).inserted {
      let cells = comparisons.map { comparison in
        let total = comparison.entries.first { $0.kernel == entry.kernel }?.total
        let text = Cells.millisecondsPerToken(total, tokens: comparison.conditions.tokens)
        return comparison.fastest?.kernel == entry.kernel ? Markdown.bold(text) : text
      }
      let verified = comparisons.flatMap(\.entries).filter { $0.kernel == entry.kernel }
        .map(\.verification)
      table.append(
        [
          entry.kernel, Cells.yesNo(entry.isLossless),
          subject.failed.contains(entry.kernel)
            ? "failed" : ["no", "within tolerance"].first(where: verified.contains) ?? "exact",
          Numbers.significant(entry.bitsPerWeight),
        ] + cells)
    }
    return table.text
  }
}
