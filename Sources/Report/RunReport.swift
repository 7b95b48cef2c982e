public import Results
public import Statistics

/// The report of one run, in Markdown: a pure function of the run's folder.
public struct RunReport {
  let run: Run
  let subjects: [Subject]
  let minEffect: Double

  /// Creates the report of a run.
  ///
  /// - Parameters:
  ///   - run: What was measured.
  ///   - minEffect: The difference below which two speeds count as the same.
  public init(_ run: Run, minEffect: Double = SpeedRatio.defaultMinEffect) {
    self.run = run
    self.minEffect = minEffect
    subjects = Subject.all(in: run, minEffect: minEffect)
  }

  /// The table that answers first: the fastest kernel of each case and its speed-ups.
  public var headline: String { Headline(run: run, subjects: subjects).text }

  /// The whole page.
  public var page: String {
    guard !run.isEmulated else { return emulatedPage }
    let sections =
      [opening, "## The fastest kernels\n\n" + headline, guide]
      + [decoding, rings, flips, rooflines.section] + subjects.map(section)
      + [energy, failures, notes, impossible, certainty, counters, ceilings, source]
    return sections.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// Writes each run's page and plots to `<folder>/<run>/`, so that no table mixes machines.
  ///
  /// - Parameters:
  ///   - runs: The runs' folders.
  ///   - folder: In which each run gets a folder of its own.
  ///   - minEffect: The difference below which two speeds count as the same.
  /// - Returns: The paths of the pages, in the order of the runs.
  /// - Throws: `ResultsError` if a run is bad or a file cannot be written.
  public static func write(
    _ runs: [RunFolder], to folder: String, minEffect: Double = SpeedRatio.defaultMinEffect
  ) throws -> [String] {
    // All are read before one is written: a bad run leaves no half of a set behind.
    var files: [String: [String: String]] = [:]
    let names = try runs.map { folder in
      let run = try Run(folder)
      let report = RunReport(run, minEffect: minEffect)
      let contents = report.rooflines.files.merging(["README.md": report.page]) { $1 }
      guard files.updateValue(contents, forKey: run.environment.run) == nil else {
        throw ResultsError(
          .data, file: folder.path, reason: "a second run named \(run.environment.run)",
          remedy: "give each run once")
      }
      return run.environment.run
    }
    return try names.map { name in
      let path = "\(folder)/\(name)"
      try RunFolder.makeFolders(path)
      for (file, text) in (files[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
        try AtomicFile.write(text, to: "\(path)/\(file)")
      }
      return "\(path)/README.md"
    }
  }
}

extension RunReport {
  /// How to read the numbers.
  var guide: String {
    let effect = Numbers.percent(minEffect)
    return """
      ## How to read this

      - M is output features (rows of weights), N tokens, K input features. A layer is M×K.
      - A time is one call: quantizing the activations, preparing them, computing. It is the median
        of repetitions ± MdAPE, the median absolute percentage error.
      - ms/token adds up the model's ternary layers, each as often as it occurs, divided by the
        tokens of a call. The rest of the model (attention, norms, output head) is not in it.
      - GOP/s is 2·M·N·K / time / 1e9. GB/s is packed weights over time, 1 GB = 1e9 bytes; its
        percentage is of the read bandwidth measured in the same case.
      - × a kernel is that kernel's time over this one's: above 1 is faster. Both took turns, so it
        is the median of the rounds' ratios, whose 95 % interval follows, added up over the layers.
      - FASTER, SLOWER: by more than \(effect), all through the interval. SAME: the interval is within
        \(effect). UNSURE: it is neither, or there were too few samples for one. Bold is the lowest
        median of its column, which need not be FASTER than the next: "perhaps as fast" are those
        that are not SLOWER than it.
      - Lossless kernels give the bits of the exact integer sum. Each kernel was compared with an
        oracle before it was timed: exact, or within the tolerance it declares.
      - cold: the weights come from memory. hot: they are where the last call left them. ring: all
        layers of a model in order, each where the last pass left it.
      - The ceiling that binds is the slowest of reading the packed weights and of the multiplications
        or lookups that the kernel counts, each at the rate of a probe of this machine.

      """
  }

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
