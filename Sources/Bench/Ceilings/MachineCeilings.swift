internal import MPGEMM
internal import Machine
internal import Results
internal import Statistics

/// What the machine can do with each number of threads, measured once a run for each.
final class MachineCeilings {
  private let run: String
  private let caches: [Cache]
  private var known: [Int: InstructionCeilings] = [:]

  private static let executePrefix = "execute "

  /// Begins with what a run has measured before it was stopped.
  ///
  /// - Parameters:
  ///   - run: The run's name.
  ///   - caches: The machine's.
  ///   - rows: The run's rows of complete cases; none in a new run.
  init(run: String, caches: [Cache], resuming rows: [CeilingRow] = []) {
    self.run = run
    self.caches = caches
    known = Dictionary(grouping: rows.filter(\.isOfMachine), by: \.threads).mapValues { rows in
      InstructionCeilings(rates: rows.compactMap { Self.rate($0) })
    }
  }

  /// The instruction ceilings of a pool's number of threads, and the rows to write if they are new.
  func measured(on pool: ThreadPool) -> (ceilings: InstructionCeilings, rows: [CeilingRow]) {
    if let ceilings = known[pool.threads] { return (ceilings, []) }
    let ceilings = InstructionCeilings(measuringOn: pool)
    known[pool.threads] = ceilings
    let reads = CacheCeilings(measuringOn: pool, caches: caches)
    return (
      ceilings,
      reads.rates.map { row($0, threads: pool.threads) } + ceilings.rates.map { row($0) }
    )
  }

  private func row(_ rate: CacheCeilings.Rate, threads: Int) -> CeilingRow {
    CeilingRow(
      run: run, probe: "read L\(rate.level) \(rate.probe.name)", bytes: rate.bytes,
      threads: threads, cache: .hot, pageSize: "asked huge", prefetch: false,
      medianGBPerSecond: Statistics.median(rate.gbPerSecond),
      bestGBPerSecond: rate.gbPerSecond.max(), samples: rate.gbPerSecond.count)
  }

  private func row(_ rate: InstructionCeilings.Rate) -> CeilingRow {
    var row = CeilingRow(
      run: run, probe: Self.executePrefix + rate.probe.name, bytes: 0, threads: rate.threads,
      cache: .hot, pageSize: "", prefetch: false, medianGBPerSecond: nil, bestGBPerSecond: nil,
      samples: rate.samples)
    row.operation = rate.probe.operation?.rawValue ?? ""
    row.medianGOPPerSecond = rate.median
    row.bestGOPPerSecond = rate.best
    return row
  }

  /// The rate that a row was written from; nil for reading.
  private static func rate(_ row: CeilingRow) -> InstructionCeilings.Rate? {
    guard let median = row.medianGOPPerSecond, let best = row.bestGOPPerSecond,
      let probe = ThroughputProbe.all.first(where: { executePrefix + $0.name == row.probe })
    else { return nil }
    return InstructionCeilings.Rate(
      probe: probe, threads: row.threads, median: median, best: best, samples: row.samples)
  }
}
