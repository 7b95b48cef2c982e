internal import Results

/// The tables of one comparison: kernel × layer of time, GOP/s and GB/s.
///
/// A further quantity (a counter, an energy) is one more `Quantity`.
extension Comparison {
  /// One number for each kernel and layer, and one for all layers.
  private struct Quantity {
    let title: String
    let layer: (KernelRow) -> Double?
    let layerCell: (KernelRow?) -> String
    let total: (Entry.Total) -> Double?
    let totalCell: (Entry.Total?) -> String
    /// Nil where no value is better than another: more bytes a second may be more bytes.
    let isBetter: ((Double, Double) -> Bool)?
  }

  /// The section, from its heading down.
  var text: String {
    let heading = "### \(conditions.title)\n\n"
    guard !entries.isEmpty else { return heading + "No kernel was measured; see below why.\n" }
    let time = "Median time of one call in ms ± MdAPE, and ms/token over all layers:\n\n"
    let marks =
      hasSingleSamples ? "\n\(Cells.singleSample) one sample, so no spread is known.\n" : ""
    return heading + time + timeTable + marks + gaps
      + "\nGOP/s:\n\n" + table(gop).text
      + "\nGB/s of packed weights\(readsKnown ? " (percentage of the read bandwidth)" : ""):\n\n"
      + table(packed).text
      + (ceilingsKnown
        ? "\nPercentage of the ceiling that binds, and which it is:\n\n" + table(ceiling).text : "")
  }

  private var time: Quantity {
    Quantity(
      title: "ms/token", layer: \.timeSeconds, layerCell: Cells.time, total: \.seconds,
      totalCell: { Cells.millisecondsPerToken($0, tokens: conditions.tokens) }, isBetter: <)
  }

  private var gop: Quantity {
    Quantity(
      title: "all layers", layer: \.gopPerSecond, layerCell: { Cells.number($0?.gopPerSecond) },
      total: \.gopPerSecond, totalCell: { Cells.number($0?.gopPerSecond) }, isBetter: >)
  }

  private var packed: Quantity {
    Quantity(
      title: "all layers", layer: \.packedGBPerSecond,
      layerCell: { row in
        Cells.rate(row?.packedGBPerSecond, shareOfRead: row?.percentOfRead.map { $0 / 100 })
      },
      total: \.packedGBPerSecond,
      totalCell: { Cells.rate($0?.packedGBPerSecond, shareOfRead: $0?.shareOfRead) }, isBetter: nil)
  }

  private var ceiling: Quantity {
    Quantity(
      title: "all layers", layer: \.percentOfCeiling,
      layerCell: { row in
        row?.percentOfCeiling.map { "\(Numbers.percent($0 / 100)) \(row?.ceiling ?? "")" }
          ?? Cells.none
      },
      total: \.shareOfCeiling,
      totalCell: { $0?.shareOfCeiling.map { Numbers.percent($0) } ?? Cells.none }, isBetter: nil)
  }

  /// The table of times, with what kind of kernel each is and how it compares.
  private var timeTable: String {
    let (float32, float16) = (baseline(bits: 32), baseline(bits: 16))
    return table(
      time,
      before: [("lossless", .left, { Cells.yesNo($0.isLossless) })],
      after: [float32, float16, fastest].enumerated().map { index, other in
        let name = ["float32", "float16", "fastest"][index]
        return (
          "× \(name)", .right, { ratio($0, over: other) }
        )
      }
    ).text
  }

  /// How many times faster an entry is, its interval and the verdict; nothing for itself.
  func ratio(_ entry: Entry, over other: Entry?) -> String {
    entry.kernel == other?.kernel
      ? "1" : Cells.ratio(speedUp(of: entry, over: other), minEffect: minEffect)
  }

  private typealias Extra = (
    title: String, alignment: MarkdownTable.Alignment, cell: (Entry) -> String
  )

  private func table(_ quantity: Quantity, before: [Extra] = [], after: [Extra] = [])
    -> MarkdownTable
  {
    var table = MarkdownTable(
      [("kernel", .left)] + before.map { ($0.title, $0.alignment) }
        + layers.map { ($0, .right) } + [(quantity.title, .right)]
        + after.map { ($0.title, $0.alignment) })

    func best(_ values: [Double?]) -> Double? {
      quantity.isBetter.flatMap { values.compactMap { $0 }.min(by: $0) }
    }
    func marked(_ text: String, _ value: Double?, _ best: Double?) -> String {
      value != nil && value == best ? Markdown.bold(text) : text
    }
    let bestOfLayer = layers.map { layer in
      best(entries.map { $0.rows[layer].flatMap(quantity.layer) })
    }
    let bestTotal = best(entries.map { $0.total.flatMap(quantity.total) })
    for entry in entries {
      let times = zip(layers, bestOfLayer).map { layer, best in
        let row = entry.rows[layer]
        return marked(quantity.layerCell(row), row.flatMap(quantity.layer), best)
      }
      let total = marked(
        quantity.totalCell(entry.total), entry.total.flatMap(quantity.total), bestTotal)
      table.append(
        [entry.kernel] + before.map { $0.cell(entry) } + times + [total]
          + after.map { $0.cell(entry) })
    }
    return table
  }

  private var hasSingleSamples: Bool {
    entries.contains { $0.rows.values.contains { $0.samples == 1 } }
  }

  private var readsKnown: Bool {
    entries.contains { $0.rows.values.contains { $0.percentOfRead != nil } }
  }

  private var ceilingsKnown: Bool {
    entries.contains { $0.rows.values.contains { $0.ceilingSeconds != nil } }
  }

  /// Why kernels have no total.
  private var gaps: String {
    let lines = entries.filter { !$0.missing.isEmpty }.map { entry in
      let layers = entry.missing.map { "\($0.layer) (\($0.ending))" }
      return "- \(entry.kernel) has no total: it lacks \(Markdown.list(layers))\n"
    }
    return lines.isEmpty ? "" : "\n" + lines.joined()
  }
}
