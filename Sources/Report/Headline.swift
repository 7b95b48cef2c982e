internal import Results

/// The answer first: under each condition, which kernel is fastest and by how much.
struct Headline {
  let run: Run
  let subjects: [Subject]

  /// The table and which kernels its ratios are against.
  var text: String {
    var table = MarkdownTable([
      ("model", .left), ("case", .left), ("fastest kernel", .left), ("lossless", .left),
      ("verified", .left), ("ms/token", .right), ("GOP/s", .right), ("GB/s (% of read)", .right),
      ("× float32", .right), ("× float16", .right), ("perhaps as fast", .left),
    ])
    for subject in subjects {
      for comparison in subject.comparisons {
        for cells in rows(comparison) {
          table.append([subject.title, comparison.conditions.title] + cells)
        }
      }
    }
    if run.isEmulated {
      return "Only counted, under an emulator: the page has instructions and loads a weight.\n"
    }
    guard !table.isEmpty else {
      return run.kernels.contains { $0.cache == .ring && $0.status == .ok }
        ? "Only whole models were measured: see their tables in the page.\n"
        : run.decode.isEmpty ? "No case was measured.\n" : "Only decoding was measured.\n"
    }
    return table.text + "\n" + baselines + failures
  }

  /// The fastest kernel and, where that one is lossy, the fastest that is not.
  private func rows(_ comparison: Comparison) -> [[String]] {
    guard let fastest = comparison.fastest else {
      let reason = comparison.entries.isEmpty ? "none ran" : "none ran every layer"
      return [[reason] + Array(repeating: Cells.none, count: 8)]
    }
    let rivals = comparison.rivals.map(\.kernel)
    var rows = [
      cells(fastest, name: fastest.kernel, in: comparison)
        + [rivals.isEmpty ? Cells.none : Markdown.list(rivals)]
    ]
    if !fastest.isLossless, let lossless = comparison.fastestLossless {
      let name = "\(lossless.kernel) (fastest lossless)"
      rows.append(cells(lossless, name: name, in: comparison) + [Cells.none])
    }
    return rows
  }

  private func cells(_ entry: Entry, name: String, in comparison: Comparison) -> [String] {
    [
      name, Cells.yesNo(entry.isLossless), entry.verification,
      Cells.millisecondsPerToken(entry.total, tokens: comparison.conditions.tokens),
      Cells.number(entry.total?.gopPerSecond),
      Cells.rate(entry.total?.packedGBPerSecond, shareOfRead: entry.total?.shareOfRead),
      comparison.ratio(entry, over: comparison.baseline(bits: 32)),
      comparison.ratio(entry, over: comparison.baseline(bits: 16)),
    ]
  }

  private var baselines: String {
    let comparisons = subjects.flatMap(\.comparisons)
    let sentences = [(32.0, "float32"), (16.0, "float16")].map { bits, name in
      let kernels = Set(comparisons.compactMap { $0.baseline(bits: bits)?.kernel }).sorted()
      return kernels.isEmpty
        ? "No \(name) kernel ran every layer, so there is no × \(name)."
        : "× \(name) is the speed-up over the fastest \(name) kernel of the same case: "
          + Markdown.list(kernels) + "."
    }
    return sentences.map { $0 + "\n" }.joined()
  }

  private var failures: String {
    let kernels = Set(run.kernels.filter { $0.status == .failed }.map(\.kernel)).sorted()
    guard !kernels.isEmpty else { return "" }
    return "\nWrong results, so not measured: \(Markdown.list(kernels)).\n"
  }
}
