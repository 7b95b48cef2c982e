internal import Results

/// The CSV files of a run, and which cases of which groups are complete in them.
final class SweepFiles {
  private let run: String
  private let kernels: CSVWriter<KernelRow>
  private let samples: CSVWriter<SampleRow>
  private let ceilings: CSVWriter<CeilingRow>
  /// Nil where nothing is counted.
  private let counters: CSVWriter<CounterRow>?
  private let checkpoints: CSVWriter<CheckpointRow>
  private var complete: Set<Key> = []
  /// What was there when the files were opened.
  let earlierRows: [KernelRow]
  let earlierCeilings: [CeilingRow]
  /// The number that the run's next sample has.
  let nextOrder: Int

  /// A case of one group.
  private struct Key: Hashable {
    let target: Int
    let group: Int
    let tokens: Int
    let threads: Int
    let cache: CacheRegime
  }

  /// Creates the files in a folder that has none.
  init(creating folder: RunFolder, countsCalls: Bool) throws {
    run = folder.run
    counters = countsCalls ? try CSVWriter(creating: folder.counters) : nil
    kernels = try CSVWriter(creating: folder.kernels)
    samples = try CSVWriter(creating: folder.samples)
    ceilings = try CSVWriter(creating: folder.ceilings)
    // Last: where it is, the others are.
    checkpoints = try CSVWriter(creating: folder.progress)
    earlierRows = []
    earlierCeilings = []
    nextOrder = 0
  }

  /// Opens the files of a run that was stopped, cut back to the last complete case.
  convenience init(resuming folder: RunFolder, countsCalls: Bool) throws {
    let found = try folder.checkpoints()
    guard let last = found.rows.last else {
      // Nothing is complete, so nothing is lost by beginning anew.
      try folder.removeRows()
      try self.init(creating: folder, countsCalls: countsCalls)
      return
    }
    try self.init(
      folder, found.rows, last, checkpointBytes: found.bytes, countsCalls: countsCalls)
  }

  private init(
    _ folder: RunFolder, _ rows: [CheckpointRow], _ last: CheckpointRow, checkpointBytes: Int,
    countsCalls: Bool
  ) throws {
    run = folder.run
    counters =
      countsCalls ? try CSVWriter(resuming: folder.counters, at: last.countersBytes) : nil
    kernels = try CSVWriter(resuming: folder.kernels, at: last.kernelsBytes)
    samples = try CSVWriter(resuming: folder.samples, at: last.samplesBytes)
    ceilings = try CSVWriter(resuming: folder.ceilings, at: last.ceilingsBytes)
    checkpoints = try CSVWriter(resuming: folder.progress, at: checkpointBytes)
    earlierRows = try CSVReader(folder.kernels).rows
    earlierCeilings = try CSVReader(folder.ceilings).rows
    nextOrder = last.nextOrder
    complete = Set(
      rows.map {
        Key(
          target: $0.target, group: $0.group, tokens: $0.tokens, threads: $0.threads,
          cache: $0.cache)
      })
  }

  /// Whether a case's rows are all there.
  func isComplete(_ sweepCase: SweepCase, target: Int, group: SweepGroup) -> Bool {
    complete.contains(
      Key(
        target: target, group: group.number, tokens: sweepCase.tokens,
        threads: sweepCase.threads, cache: sweepCase.cache))
  }

  /// Writes all rows of a case and a group, and then that it is complete.
  func append(
    _ sweepCase: SweepCase, target: Int, group: SweepGroup, kernels kernelRows: [KernelRow],
    samples sampleRows: [SampleRow], ceilings ceilingRows: [CeilingRow],
    counters counterRows: [CounterRow], nextOrder: Int
  ) throws {
    try samples.append(contentsOf: sampleRows)
    try ceilings.append(contentsOf: ceilingRows)
    try counters?.append(contentsOf: counterRows)
    try kernels.append(contentsOf: kernelRows)
    // Each row is on the device by now; a run that ends before the next line is cut back behind them.
    var checkpoint = try CheckpointRow(
      run: run, target: target, group: group.number, tokens: sweepCase.tokens,
      threads: sweepCase.threads, cache: sweepCase.cache, nextOrder: nextOrder,
      kernelsBytes: kernels.size, samplesBytes: samples.size, ceilingsBytes: ceilings.size)
    checkpoint.countersBytes = try counters?.size ?? 0
    try checkpoints.append(checkpoint)
  }
}
