internal import Results
internal import Statistics

/// The plots of a run: one for each number of threads.
struct Rooflines {
  private let rooflines: [Roofline]

  init(_ run: Run, _ subjects: [Subject]) {
    rooflines = Set(run.kernels.map(\.threads)).sorted().map { threads in
      Roofline(
        threads: threads, points: subjects.flatMap { Self.points($0, threads: threads) },
        roofs: [CacheRegime.cold, .hot].compactMap { Self.roof(run, threads: threads, $0) })
    }.filter { $0.svg != nil }
  }

  /// The drawings by file name.
  var files: [String: String] {
    Dictionary(
      rooflines.compactMap { plot in plot.svg.map { (plot.fileName, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// The section that shows them; empty without any.
  var section: String {
    guard !rooflines.isEmpty else { return "" }
    let images = rooflines.map {
      "![roofline, \(Numbers.count($0.threads, "thread"))](\($0.fileName))\n"
    }
    return """
      ## Rooflines

      The fastest kernel of each family, all layers of a model together. The sloping lines are what
      reading the packed weights allows: speed = operations a byte × the read bandwidth measured in
      turns with the kernels. A point below its line by much is bound by something else.

      \(images.joined(separator: "\n"))
      """
  }

  private static func points(_ subject: Subject, threads: Int) -> [Roofline.Point] {
    subject.comparisons.filter { $0.conditions.threads == threads }.flatMap { comparison in
      var seen: Set<String> = []
      return comparison.entries.compactMap { entry -> Roofline.Point? in
        guard let total = entry.total, let bytes = total.packedBytes, bytes > 0,
          seen.insert(entry.family).inserted
        else { return nil }
        let intensity = total.operations / bytes
        guard intensity.isNormal, total.gopPerSecond.isNormal else { return nil }
        return Roofline.Point(
          kernel: entry.kernel, family: entry.family,
          label: "\(subject.title), \(comparison.conditions.title)",
          cache: comparison.conditions.cache, intensity: intensity,
          gopPerSecond: total.gopPerSecond)
      }
    }
  }

  private static func roof(_ run: Run, threads: Int, _ cache: CacheRegime) -> Roofline.Roof? {
    let rates = run.kernels.filter { $0.threads == threads && $0.cache == cache }
      .compactMap(\.readGBPerSecond)
    guard !rates.isEmpty else { return nil }
    let rate = Statistics.median(rates)
    return rate.isNormal ? Roofline.Roof(label: "\(cache.rawValue) read", gbPerSecond: rate) : nil
  }
}

extension RunReport {
  var rooflines: Rooflines { Rooflines(run, subjects) }
}
