internal import Results
internal import Statistics

extension RunReport {
  /// One pass through all ternary layers of a model, in order, as decoding makes it for each token.
  var rings: String {
    let rows = run.kernels.filter { $0.cache == .ring }
    guard rows.contains(where: { $0.status == .ok }) else { return "" }
    return """
      ## Through the whole model

      All ternary layers in the order of a forward pass, each input quantized and prepared once for the
      layers that share it, as the decoder does. tokens/s is what these layers alone allow; attention,
      norms and output head come on top. Shares are of the pass: the layers by input, and quantizing
      with preparing.

      \(ringTables(rows))
      """
  }

  private func ringTables(_ rows: [KernelRow]) -> String {
    let turns = Turns(run.samples)
    let groups = Groups(rows.filter { $0.status == .ok }) {
      [$0.model, "\($0.tokens)", "\($0.threads)"]
    }
    return groups.inOrder.map { group in
      let entries = group.sorted {
        ($0.timeSeconds ?? .infinity, $0.kernel) < ($1.timeSeconds ?? .infinity, $1.kernel)
      }
      let fastest = entries[0]
      var table = MarkdownTable([
        ("kernel", .left), ("lossless", .left), ("ms/token", .right), ("95 % interval", .right),
        ("tokens/s", .right), ("GB/s (% of read)", .right), ("% of ceiling", .right),
        ("qkv", .right), ("o", .right), ("gate, up", .right), ("down", .right),
        ("quantize, prepare", .right), ("layers apart", .right), ("× fastest", .right),
      ])
      for row in entries {
        table.append(ringCells(row, fastest: fastest, turns))
      }
      let marks =
        entries.contains { $0.samples == 1 }
        ? "\n\(Cells.singleSample) one sample, so no spread is known.\n" : ""
      return "### \(fastest.model), \(Conditions(fastest).titleWithoutCache)\n\n" + table.text
        + marks
    }.joined(separator: "\n")
  }

  private func ringCells(_ row: KernelRow, fastest: KernelRow, _ turns: Turns) -> [String] {
    let seconds = row.timeSeconds ?? 0
    func milliseconds(_ seconds: Double) -> String {
      Numbers.significant(1e3 * seconds / Double(row.tokens))
    }
    func share(_ part: Double?) -> String {
      part.map { Numbers.percent($0 / seconds) } ?? Cells.none
    }
    let spread = row.samples == 1 ? "" : row.timeMdAPE.map { " ± \(Numbers.percent($0))" } ?? ""
    var interval = Cells.none
    if let low = row.timeLowSeconds, let high = row.timeHighSeconds {
      interval = "\(milliseconds(low)) to \(milliseconds(high))"
    }
    let inputs = row.quantizeSeconds.flatMap { quantize in
      row.prepareSeconds.map { quantize + $0 }
    }
    return [
      row.kernel, Cells.yesNo(row.lossless),
      milliseconds(seconds) + (row.samples == 1 ? Cells.singleSample : spread), interval,
      Numbers.significant(Double(row.tokens) / seconds),
      Cells.rate(row.packedGBPerSecond, shareOfRead: row.percentOfRead.map { $0 / 100 }),
      row.percentOfCeiling.map { "\(Numbers.percent($0 / 100)) \(row.ceiling)" } ?? Cells.none,
      share(row.qkvSeconds), share(row.oSeconds), share(row.gateUpSeconds),
      share(row.downSeconds), share(inputs), row.distinctLayers.map { "\($0)" } ?? Cells.none,
      row == fastest
        ? "1" : Cells.ratio(turns.speedRatio(of: row, over: fastest), minEffect: minEffect),
    ]
  }
}
