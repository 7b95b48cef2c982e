internal import Results
internal import Statistics

extension RunReport {
  /// Kernels whose order depends on where the weights are: the cache or memory.
  var flips: String {
    let pairs = subjects.flatMap { subject in
      subject.comparisons.filter { $0.conditions.cache == .hot }.compactMap { hot in
        subject.comparisons.first { $0.conditions == hot.conditions.with(.cold) }
          .map { (subject: subject, hot: hot, cold: $0) }
      }
    }
    guard !pairs.isEmpty else { return "" }
    var table = MarkdownTable([
      ("model", .left), ("case", .left), ("ahead hot", .left), ("bits/weight", .right),
      ("× hot", .right), ("ahead cold", .left), ("bits/weight", .right), ("× cold", .right),
    ])
    for (subject, hot, cold) in pairs {
      for flip in Self.flips(hot: hot, cold: cold) {
        table.append([
          subject.title, hot.conditions.titleWithoutCache,
          flip.hot.kernel, Numbers.significant(flip.hot.bitsPerWeight),
          Cells.ratio(flip.hotRatio, minEffect: minEffect),
          flip.cold.kernel, Numbers.significant(flip.cold.bitsPerWeight),
          Cells.ratio(flip.coldRatio, minEffect: minEffect),
        ])
      }
    }
    let text =
      table.isEmpty
      ? "They do not: the same family is fastest, and no family's best kernel beats another's hot "
        + "and loses to it cold by more than \(Numbers.percent(minEffect)) each time.\n"
      : "Of the families' best kernels, those that change places: one is ahead while the weights "
        + "are in the cache, the other once they come from memory, each × the other. The fastest "
        + "of both are shown even if a verdict is not FASTER.\n\n" + table.text
    return "## Hot and cold disagree\n\n" + text
  }

  private struct Flip {
    let hot: Entry
    let hotRatio: SpeedRatio
    let cold: Entry
    let coldRatio: SpeedRatio
  }

  /// Pairs of families' best that change places for sure, and the two winners whatever is sure of them.
  private static func flips(hot: Comparison, cold: Comparison) -> [Flip] {
    hot.familyWinners.flatMap { first in
      cold.familyWinners.compactMap { second in
        guard first.family != second.family,
          let firstCold = cold.entries.first(where: { $0.kernel == first.kernel }),
          let secondHot = hot.entries.first(where: { $0.kernel == second.kernel }),
          let hotRatio = hot.speedUp(of: first, over: secondHot),
          let coldRatio = cold.speedUp(of: second, over: firstCold)
        else { return nil }
        let isSure =
          hotRatio.verdict(minEffect: hot.minEffect) == .faster
          && coldRatio.verdict(minEffect: cold.minEffect) == .faster
        let areWinners =
          first.kernel == hot.fastest?.kernel && second.kernel == cold.fastest?.kernel
        guard isSure || areWinners else { return nil }
        return Flip(hot: first, hotRatio: hotRatio, cold: second, coldRatio: coldRatio)
      }
    }
  }
}

extension Comparison {
  /// The fastest kernel of each family, fastest first.
  fileprivate var familyWinners: [Entry] {
    var seen: Set<String> = []
    return entries.filter { $0.total != nil && seen.insert($0.family).inserted }
  }
}
