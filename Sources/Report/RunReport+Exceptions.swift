internal import Results

extension RunReport {
  /// Kernels that failed or were skipped, with the reason and the first case it was met in.
  var failures: String {
    let rows = run.kernels.filter { $0.status == .failed || $0.status == .skipped }
    let heading = "## Failed and skipped\n\n"
    guard !rows.isEmpty else {
      let done = run.isEmulated ? "counted" : "measured"
      return heading + "None: every kernel was verified and \(done) in every case.\n"
    }
    var table = MarkdownTable([
      ("kernel", .left), ("status", .left), ("cases", .right), ("reason", .left),
      ("first case", .left),
    ])
    // Failures first: a wrong result matters more than one that was not asked for.
    for status in [Status.failed, .skipped] {
      let groups = Groups(rows.filter { $0.status == status }) { [$0.kernel, $0.reason] }
      for group in groups.inOrder {
        table.append([
          group[0].kernel, status.rawValue, "\(group.count)", group[0].reason,
          firstCase(group[0]),
        ])
      }
    }
    return heading + table.text
  }

  /// What the rows themselves say about their numbers.
  var notes: String {
    let noted = run.kernels.filter { $0.status == .ok }.flatMap { row in
      [row.note, row.reason].filter { !$0.isEmpty }.map { (text: $0, kernel: row.kernel) }
    }
    guard !noted.isEmpty else { return "" }
    var table = MarkdownTable([("note", .left), ("cases", .right), ("kernels", .left)])
    for group in Groups(noted, by: { [$0.text] }).inOrder {
      let kernels = Groups(group) { [$0.kernel] }.inOrder.map { $0[0].kernel }
      table.append([group[0].text, "\(group.count)", kernels.joined(separator: ", ")])
    }
    return "## Notes on rows\n\n" + table.text
  }

  private func firstCase(_ row: KernelRow) -> String {
    let shape = "\(row.outFeatures)×\(row.inFeatures)"
    let layer = row.model.isEmpty ? shape : "\(row.model) \(row.layer) \(shape)"
    return "\(layer), \(Conditions(row).title)"
  }
}
