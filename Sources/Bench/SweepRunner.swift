internal import MPGEMM
internal import Machine
public import Results
internal import Statistics
internal import Verification

/// Runs a sweep: target by target, case by case, each row written as soon as it is known.
public final class SweepRunner {
  private let options: SweepOptions
  private let folder: RunFolder
  private let kernelRows: CSVWriter<KernelRow>
  private let sampleRows: CSVWriter<SampleRow>
  private let ceilingRows: CSVWriter<CeilingRow>
  private let topology: Topology
  private let poolBytes: Int
  /// Bytes that the pools of kernels which take turns may fill together.
  private let memoryBudget: Int
  private var threadPools: [Int: ThreadPool] = [:]
  private var sampler: Sampler

  /// How many rows ended in which way.
  public struct Tally: Sendable, Equatable {
    public var ok = 0
    public var failed = 0
    public var skipped = 0
  }

  /// Creates the run's CSV files in its folder.
  ///
  /// - Parameters:
  ///   - options: What to measure.
  ///   - folder: An existing run folder without rows.
  /// - Throws: `ResultsError` if a file cannot be written.
  public init(_ options: SweepOptions, folder: RunFolder) throws {
    self.options = options
    self.folder = folder
    kernelRows = try CSVWriter(creating: folder.kernels)
    sampleRows = try CSVWriter(creating: folder.samples)
    ceilingRows = try CSVWriter(creating: folder.ceilings)
    let machine = Machine.read(isa: ISA.current.names)
    topology = machine.topology
    poolBytes = WeightPool.coldBytes(lastLevelCache: machine.caches.lastLevelBytes.value)
    // Half of memory leaves room for the weights being packed and for everything else that runs.
    memoryBudget = (machine.operatingSystem.memoryBytes.value ?? 8 << 30) / 2
    sampler = Sampler(minTime: options.minTime, seed: options.seed)
  }

  /// Measures everything.
  ///
  /// - Parameter progress: Called at every step.
  /// - Returns: How the rows ended.
  /// - Throws: `ResultsError` if a row cannot be written; the rows before it are kept.
  public func run(progress: @escaping (SweepProgress) -> Void = { _ in }) throws -> Tally {
    var tally = Tally()
    let all = options.targets.flatMap { options.cases(of: $0) }
    var estimate = ProgressEstimate(all)
    var done = 0
    for target in options.targets {
      let cases = options.cases(of: target)
      let runnable = options.kernels.filter(\.isRunnable)
      for sweepCase in cases {
        for kernel in options.kernels where !kernel.isRunnable {
          try kernelRows.append(skippedRow(kernel, sweepCase))
          tally.skipped += 1
        }
      }
      let step = { (activity: String) in
        progress(
          SweepProgress(
            done: done, total: all.count, activity: activity, secondsLeft: estimate.secondsLeft))
      }
      let label = "\(target.outFeatures)x\(target.inFeatures)"
      step("weights \(label)")
      let weights = TernaryMatrix(
        outFeatures: target.outFeatures, inFeatures: target.inFeatures,
        zeroDensity: target.zeroDensity, seed: options.seed)
      let groups = groups(of: runnable, target: target)
      var references: [Shape: Reference] = [:]
      let reference = { [self] (shape: Shape) in
        if let known = references[shape] { return known }
        let new = Reference(
          weights: weights, shape: shape, seed: options.seed, threads: allThreads)
        references[shape] = new
        return new
      }
      for (index, group) in groups.enumerated() {
        var pools: [String: WeightPool] = [:]
        for kernel in group where pools[kernel.layout] == nil {
          step("pack \(label) for \(kernel.layout)")
          pools[kernel.layout] = WeightPool(
            packing: weights, for: kernel, poolBytes: poolBytes)
        }
        for sweepCase in cases {
          let runner = CaseRunner(
            sweepCase: sweepCase, options: options, pools: pools,
            threads: threadPool(sweepCase.threads),
            reference: reference(sweepCase.shape))
          let (outcomes, ceilings) = runner.run(kernels: group, sampler: &sampler) {
            step("\(sweepCase.description): \($0)")
          }
          let note =
            groups.count == 1 ? "" : "took turns within group \(index + 1) of \(groups.count)"
          try write(outcomes, ceilings, sweepCase, weights: weights, note: note)
          tally.ok += outcomes.count { $0.status == .ok }
          tally.failed += outcomes.count { $0.status == .failed }
          if index == groups.count - 1 {
            done += 1
            estimate.finish(sweepCase)
          }
        }
      }
    }
    return tally
  }

  /// Every processor that this process may use, for the oracle.
  private var allThreads: ThreadPool { threadPool(topology.usableThreads) }

  /// A pool whose threads sit each on a processor of its own, the caller on the first.
  private func threadPool(_ threads: Int) -> ThreadPool {
    if let pool = threadPools[threads] { return pool }
    let placement = topology.placement.value ?? []
    let pin = { @Sendable (thread: Int) in
      guard thread < placement.count else { return }
      _ = Affinity.pinCurrentThread(to: [placement[thread]])
    }
    pin(0)
    let pool = ThreadPool(threads: threads, onStart: pin)
    threadPools[threads] = pool
    return pool
  }

  /// Splits kernels so that the pools of a group fit the memory budget; layouts stay together.
  private func groups(of kernels: [Kernel], target: Target) -> [[Kernel]] {
    var groups: [[Kernel]] = []
    var filled = 0
    for layout in kernels.map(\.layout).uniqued() {
      let same = kernels.filter { $0.layout == layout }
      let one = same[0].packedSize(
        outFeatures: target.outFeatures, inFeatures: target.inFeatures)
      let bytes = max(poolBytes, one)
      if groups.isEmpty || filled + bytes > memoryBudget {
        groups.append([])
        filled = 0
      }
      groups[groups.count - 1] += same
      filled += bytes
    }
    return groups
  }

  private func row(
    _ kernel: Kernel, _ sweepCase: SweepCase, _ status: Status, reason: String
  ) -> KernelRow {
    let target = sweepCase.target
    var row = KernelRow(
      run: folder.run, kernel: kernel.name, family: kernel.family, layout: kernel.layout,
      isa: kernel.isaName, bitsPerWeight: kernel.bitsPerWeight, lossless: kernel.isLossless,
      model: target.model, layer: target.layer, outFeatures: target.outFeatures,
      inFeatures: target.inFeatures, tokens: sweepCase.tokens, threads: sweepCase.threads,
      cache: sweepCase.cache, status: status, reason: reason)
    row.layerCount = target.layerCount
    row.tolerance = kernel.tolerance
    row.seed = options.seed
    row.reproduce = Reproduce.bench(kernel, sweepCase, options)
    return row
  }

  private func skippedRow(_ kernel: Kernel, _ sweepCase: SweepCase) -> KernelRow {
    row(
      kernel, sweepCase, .skipped,
      reason: "this CPU lacks \(kernel.missingISA.names.joined(separator: ", "))")
  }

  private func write(
    _ outcomes: [CaseRunner.Outcome], _ ceilings: [CaseRunner.Ceiling], _ sweepCase: SweepCase,
    weights: TernaryMatrix, note: String
  ) throws {
    let zeroDensity = weights.zeroDensity
    for outcome in outcomes {
      try sampleRows.append(
        contentsOf: outcome.samples.indices.map { sampleRow(outcome, $0, sweepCase) })
      var row = row(outcome.kernel, sweepCase, outcome.status, reason: outcome.reason)
      row.packSeconds = outcome.pool.packSeconds
      row.packedBytes = outcome.pool.packed.packedBytes
      row.maxAbsError = outcome.verdict.maxAbsError.ifFinite
      row.nmse = outcome.verdict.nmse.ifFinite
      row.zeroDensity = zeroDensity
      row.pageSize = outcome.pool.pageSize
      row.poolBytes = sweepCase.cache == .cold ? outcome.pool.bytes : nil
      row.readGBPerSecond = outcome.readGBPerSecond
      if outcome.status == .ok {
        let times = outcome.samples.map(\.time)
        row.timeSeconds = Statistics.median(times)
        row.timeMdAPE = Statistics.medianAbsoluteRelativeError(times)
        row.quantizeSeconds = Statistics.median(outcome.samples.map(\.quantize))
        row.prepareSeconds = Statistics.median(outcome.samples.map(\.prepare))
        row.computeSeconds = Statistics.median(outcome.samples.map(\.compute))
        row.samples = times.count
      }
      row.note = ([outcome.isSingleSample ? "single sample" : "", note])
        .filter { !$0.isEmpty }.joined(separator: "; ")
      try kernelRows.append(row)
    }
    try ceilingRows.append(contentsOf: ceilings.map { ceilingRow($0, sweepCase) })
  }

  private func sampleRow(
    _ outcome: CaseRunner.Outcome, _ repetition: Int, _ sweepCase: SweepCase
  ) -> SampleRow {
    let sample = outcome.samples[repetition]
    let target = sweepCase.target
    return SampleRow(
      run: folder.run, kernel: outcome.kernel.name, model: target.model, layer: target.layer,
      outFeatures: target.outFeatures, inFeatures: target.inFeatures, tokens: sweepCase.tokens,
      threads: sweepCase.threads, cache: sweepCase.cache, repetition: repetition,
      order: sample.order, quantizeSeconds: sample.quantize, prepareSeconds: sample.prepare,
      computeSeconds: sample.compute, timeSeconds: sample.time, iterations: sample.calls)
  }

  private func ceilingRow(_ ceiling: CaseRunner.Ceiling, _ sweepCase: SweepCase) -> CeilingRow {
    CeilingRow(
      run: folder.run, probe: "read \(ceiling.probe.name)",
      bytes: ceiling.pool.packed.packedBytes, threads: sweepCase.threads,
      cache: sweepCase.cache, pageSize: ceiling.pool.pageSize,
      prefetch: ceiling.prefetchDistance > 0,
      medianGBPerSecond: Statistics.median(ceiling.gbPerSecond),
      bestGBPerSecond: ceiling.gbPerSecond.max() ?? 0, samples: ceiling.gbPerSecond.count)
  }
}

extension Array where Element: Hashable {
  /// The elements without those that have come before.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
