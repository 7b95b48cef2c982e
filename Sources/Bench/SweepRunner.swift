internal import MPGEMM
internal import Machine
public import Results

/// Runs a sweep: target by target, case by case, each row written as soon as it is known.
public final class SweepRunner {
  private let options: SweepOptions
  private let rows: SweepRows
  private let kernelRows: CSVWriter<KernelRow>
  private let sampleRows: CSVWriter<SampleRow>
  private let ceilingRows: CSVWriter<CeilingRow>
  private let topology: Topology
  private let poolBytes: Int
  /// Bytes that the pools of kernels which take turns may fill together.
  private let memoryBudget: Int
  private let threadPools: ThreadPools
  private var sampler: Sampler
  private var tally = Tally()

  /// How many rows ended in which way.
  public struct Tally: Sendable, Equatable {
    public var ok = 0
    public var failed = 0
    public var skipped = 0

    mutating func count(_ rows: [KernelRow]) {
      ok += rows.count { $0.status == .ok }
      failed += rows.count { $0.status == .failed }
      skipped += rows.count { $0.status == .skipped }
    }
  }

  /// Creates the run's CSV files in its folder.
  ///
  /// - Parameters:
  ///   - options: What to measure.
  ///   - folder: An existing run folder without rows.
  /// - Throws: `ResultsError` if a file cannot be written.
  public init(_ options: SweepOptions, folder: RunFolder) throws {
    self.options = options
    rows = SweepRows(run: folder.run, options: options)
    kernelRows = try CSVWriter(creating: folder.kernels)
    sampleRows = try CSVWriter(creating: folder.samples)
    ceilingRows = try CSVWriter(creating: folder.ceilings)
    let machine = Machine.read(isa: ISA.current.names)
    topology = machine.topology
    threadPools = ThreadPools(topology)
    poolBytes =
      options.caches.contains(.cold)
      ? WeightPool.coldBytes(lastLevelCache: machine.caches.lastLevelBytes.value)
      : WeightPool.hotBytes
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
    let all = options.targets.flatMap { options.cases(of: $0) }
    var estimate = ProgressEstimate(all)
    var done = 0
    for target in options.targets {
      let step = { (activity: String) in
        progress(
          SweepProgress(
            done: done, total: all.count, activity: activity, secondsLeft: estimate.secondsLeft))
      }
      let cases = options.cases(of: target)
      step("weights \(target.label)")
      let weights = TernaryMatrix(
        outFeatures: target.outFeatures, inFeatures: target.inFeatures,
        zeroDensity: target.zeroDensity, seed: options.seed)
      let references = References(
        weights: weights, seed: options.seed,
        threads: threadPools.pool(topology.usableThreads).pool)
      for group in groups(target) {
        let hosts = GroupHosts(for: group.kernels) { kernel throws(WorkerFailure) in
          step("pack \(target.label) for \(kernel.layout)")
          return try host(packing: weights, for: kernel, target)
        }
        for sweepCase in cases {
          let runner = CaseRunner(
            sweepCase: sweepCase, options: options, hosts: hosts,
            reference: references[sweepCase.shape])
          let (outcomes, ceilings) = runner.run(kernels: group.kernels, sampler: &sampler) {
            step("\(sweepCase.description): \($0)")
          }
          try write(
            outcomes, ceilings, sweepCase, group, zeroDensity: weights.zeroDensity)
          if group.number == group.count {
            done += 1
            estimate.finish(sweepCase)
          }
        }
      }
    }
    return tally
  }

  private func groups(_ target: Target) -> [SweepGroup] {
    SweepGroup.split(
      options.kernels.filter(\.isRunnable), outFeatures: target.outFeatures,
      inFeatures: target.inFeatures, poolBytes: poolBytes, budget: memoryBudget)
  }

  private func host(
    packing weights: TernaryMatrix, for kernel: Kernel, _ target: Target
  ) throws(WorkerFailure) -> any PoolHost {
    guard let limits = options.workers else {
      return LocalPoolHost(
        packing: weights, for: kernel, poolBytes: poolBytes, seed: options.seed,
        threads: threadPools)
    }
    return try RemotePoolHost(
      PoolOrder(
        parent: Subprocess.current, plugins: options.plugins, kernel: kernel.name,
        outFeatures: target.outFeatures, inFeatures: target.inFeatures,
        zeroDensity: target.zeroDensity, seed: options.seed, poolBytes: poolBytes,
        tokens: options.cases(of: target).map(\.tokens).uniqued(),
        cpus: topology.allowed.value ?? []),
      limits: limits)
  }

  /// Writes the rows of a case and a group, those of the kernels last: they say that it is complete.
  private func write(
    _ outcomes: [CaseRunner.Outcome], _ ceilings: [CaseRunner.Ceiling], _ sweepCase: SweepCase,
    _ group: SweepGroup, zeroDensity: Double
  ) throws {
    try sampleRows.append(
      contentsOf: outcomes.flatMap { rows.sampleRows($0, sweepCase, group) })
    try ceilingRows.append(contentsOf: ceilings.map { rows.ceilingRow($0, sweepCase) })
    var new = outcomes.filter { group.number == 1 || $0.kernel != group.anchor }
      .map { rows.kernelRow($0, sweepCase, group, zeroDensity: zeroDensity) }
    if group.number == 1 {
      new += options.kernels.filter { !$0.isRunnable }.map { rows.skipped($0, sweepCase) }
    }
    try kernelRows.append(contentsOf: new)
    tally.count(new)
  }
}

/// The judges of a target's shapes, made when they are first asked for.
private final class References {
  private let weights: TernaryMatrix
  private let seed: UInt64
  private let threads: ThreadPool
  private var known: [Shape: Reference] = [:]

  init(weights: TernaryMatrix, seed: UInt64, threads: ThreadPool) {
    self.weights = weights
    self.seed = seed
    self.threads = threads
  }

  subscript(shape: Shape) -> Reference {
    if let reference = known[shape] { return reference }
    let new = Reference(weights: weights, shape: shape, seed: seed, threads: threads)
    known[shape] = new
    return new
  }
}
