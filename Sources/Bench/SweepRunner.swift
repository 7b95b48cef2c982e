internal import MPGEMM
internal import Machine
public import Results

/// Runs a sweep: target by target, case by case, each row written as soon as it is known.
public final class SweepRunner {
  private let options: SweepOptions
  private let rows: SweepRows
  private let files: SweepFiles
  private let topology: Topology
  private let poolBytes: Int
  /// Bytes that the pools of kernels which take turns may fill together.
  private let memoryBudget: Int
  private let threadPools: ThreadPools
  private let meter: KernelMeter
  private let machineCeilings: MachineCeilings
  private var sampler: Sampler
  private var tally = Tally()

  /// How many rows ended in which way.
  public struct Tally: Sendable, Equatable {
    public var ok = 0
    /// Counted under an emulator, and not timed.
    public var emulated = 0
    public var failed = 0
    public var skipped = 0
    /// Cases that an interrupt has left.
    public var casesLeft = 0

    mutating func count(_ rows: [KernelRow]) {
      ok += rows.count { $0.status == .ok }
      emulated += rows.count { $0.status == .emulated }
      failed += rows.count { $0.status == .failed }
      skipped += rows.count { $0.status == .skipped }
    }
  }

  /// Opens the run's CSV files in its folder.
  ///
  /// - Parameters:
  ///   - options: What to measure.
  ///   - folder: An existing run folder.
  ///   - resuming: Whether the folder may hold rows of complete cases, which are kept; what was
  ///     written after the last of them is not.
  /// - Throws: `ResultsError` if a file cannot be written.
  public init(_ options: SweepOptions, folder: RunFolder, resuming: Bool = false) throws {
    self.options = options
    let countsCalls = options.counters != .none
    files =
      try resuming
      ? SweepFiles(resuming: folder, countsCalls: countsCalls)
      : SweepFiles(creating: folder, countsCalls: countsCalls)
    tally.count(files.earlierRows)
    let machine = Machine.read(isa: ISA.current.names)
    topology = machine.topology
    rows = SweepRows(
      run: folder.run, options: options,
      lastLevelCache: machine.caches.lastLevelBytes.value)
    threadPools = ThreadPools(topology)
    machineCeilings = MachineCeilings(
      run: folder.run, caches: machine.caches.kinds.value ?? [],
      resuming: files.earlierCeilings)
    poolBytes =
      options.caches.contains(.cold)
      ? WeightPool.coldBytes(lastLevelCache: machine.caches.lastLevelBytes.value)
      : WeightPool.hotBytes
    // Half of memory leaves room for the weights being packed and for everything else that runs.
    memoryBudget = (machine.operatingSystem.memoryBytes.value ?? 8 << 30) / 2
    meter = KernelMeter(EnergyMeter.open())
    sampler = Sampler(
      minTime: options.minTime, maxTime: options.maxTime, maxNoise: options.maxNoise,
      seed: options.seed)
    sampler.order = files.nextOrder
  }

  /// Measures everything that has not been measured yet, or what can be until an interrupt.
  ///
  /// - Parameter progress: Called at every step.
  /// - Returns: How the rows ended, those measured earlier included.
  /// - Throws: `ResultsError` if a row cannot be written; the rows before it are kept.
  public func run(progress: @escaping (SweepProgress) -> Void = { _ in }) throws -> Tally {
    let plan = options.targets.indices.map { target in
      groups(options.targets[target]).map { group in
        (
          group: group,
          cases: options.cases(of: options.targets[target])
            .filter { !files.isComplete($0, target: target, group: group) }
        )
      }
    }
    let left = plan.flatMap { $0.flatMap(\.cases) }
    var estimate = ProgressEstimate(left)
    var done = 0
    for (index, target) in options.targets.enumerated()
    where !plan[index].allSatisfy(\.cases.isEmpty) {
      let step = { (activity: String) in
        progress(
          SweepProgress(
            done: done, total: left.count, activity: activity,
            secondsLeft: estimate.secondsLeft))
      }
      step("weights \(target.label)")
      let weights = TargetWeights(target, seed: options.seed)
      let references = References(
        weights: weights, seed: options.seed,
        threads: threadPools.pool(topology.usableThreads).pool)
      for (group, cases) in plan[index] where !cases.isEmpty {
        let hosts = GroupHosts(for: group.kernels) { kernel throws(WorkerFailure) in
          step("pack \(target.label) for \(kernel.layout)")
          return try host(packing: weights, for: kernel, target)
        }
        for sweepCase in cases {
          let runner = CaseRunner(
            sweepCase: sweepCase, options: options, hosts: hosts,
            reference: references[sweepCase.tokens], meter: meter,
            usableThreads: topology.usableThreads)
          sampler.random = turns(of: sweepCase, target: index, group)
          let (outcomes, ceilings) = runner.run(kernels: group.kernels, sampler: &sampler) {
            step("\(sweepCase.description): \($0)")
          }
          try write(
            outcomes, ceilings, sweepCase, target: index, group, zeroDensity: weights.zeroDensity)
          done += 1
          estimate.finish(sweepCase)
          if Interrupt.isPending {
            tally.casesLeft = left.count - done
            return tally
          }
        }
      }
    }
    return tally
  }

  /// What a case's order of turns is drawn from: the same whether or not the run was ever stopped.
  private func turns(of sweepCase: SweepCase, target: Int, _ group: SweepGroup) -> SplitMix64 {
    let number =
      options.cases(of: sweepCase.target).firstIndex {
        ($0.tokens, $0.threads) == (sweepCase.tokens, sweepCase.threads)
          && $0.cache == sweepCase.cache
      } ?? 0
    var random = SplitMix64(seed: options.seed)
    for part in [target, group.number, number] {
      random = SplitMix64(seed: random.next() &+ UInt64(part))
    }
    return random
  }

  private func groups(_ target: Target) -> [SweepGroup] {
    SweepGroup.split(
      options.kernels.filter(\.isRunnable), outFeatures: target.outFeatures,
      inFeatures: target.inFeatures, poolBytes: poolBytes(target), budget: memoryBudget,
      isRing: target.ring != nil)
  }

  /// How much a target's pool fills; a ring at most so much, a quarter of memory, to leave the anchor its own.
  private func poolBytes(_ target: Target) -> Int {
    target.ring == nil ? poolBytes : memoryBudget / 2
  }

  private func host(
    packing weights: TargetWeights, for kernel: Kernel, _ target: Target
  ) throws(WorkerFailure) -> any PoolHost {
    guard let limits = options.workers else {
      return target.localHost(
        packing: weights, for: kernel, poolBytes: poolBytes(target),
        memory: PoolMemory(options.memory, topology), seed: options.seed, threads: threadPools)
    }
    return try RemotePoolHost(
      PoolOrder(
        parent: Subprocess.current, plugins: options.plugins, kernel: kernel.name,
        outFeatures: target.outFeatures, inFeatures: target.inFeatures, ring: target.ring,
        zeroDensity: target.zeroDensity, seed: options.seed, poolBytes: poolBytes(target),
        memory: options.memory.rawValue, tokens: options.cases(of: target).map(\.tokens).uniqued(),
        cpus: topology.allowed.value ?? []),
      limits: limits)
  }

  private func write(
    _ outcomes: [CaseRunner.Outcome], _ ceilings: [CaseRunner.Ceiling], _ sweepCase: SweepCase,
    target: Int, _ group: SweepGroup, zeroDensity: Double
  ) throws {
    let (limits, limitRows): (InstructionCeilings?, [CeilingRow]) =
      options.counters.replacesTiming
      ? (nil, [])
      : machineCeilings.measured(on: threadPools.pool(sweepCase.threads).pool)
    let measured = outcomes.filter { group.hasRow($0.kernel, $0.status) }
    var new = measured.map { outcome in
      var row = rows.kernelRow(outcome, sweepCase, group, zeroDensity: zeroDensity)
      if row.status == .ok, let packedBytes = row.packedBytes,
        let binding = limits?.binding(
          of: outcome.kernel, operations: sweepCase.operations(of: outcome.kernel),
          packedBytes: packedBytes,
          readGBPerSecond: row.readGBPerSecond)
      {
        row.ceiling = binding.name
        row.ceilingSeconds = binding.seconds
      }
      return row
    }
    let counts = zip(measured, new).flatMap { rows.counterRows($0, of: $1) }
    if group.number == 1 {
      new += options.kernels.filter { !$0.isRunnable }.map { rows.skipped($0, sweepCase) }
    }
    try files.append(
      sweepCase, target: target, group: group, kernels: new,
      samples: outcomes.flatMap { rows.sampleRows($0, sweepCase, group) },
      ceilings: limitRows + ceilings.map { rows.ceilingRow($0, sweepCase) }, counters: counts,
      nextOrder: sampler.order)
    tally.count(new)
  }
}

/// The judges of a target's cases, made when they are first asked for.
private final class References {
  private let weights: TargetWeights
  private let seed: UInt64
  private let threads: ThreadPool
  /// By the number of tokens.
  private var known: [Int: Reference] = [:]

  init(weights: TargetWeights, seed: UInt64, threads: ThreadPool) {
    self.weights = weights
    self.seed = seed
    self.threads = threads
  }

  subscript(tokens: Int) -> Reference {
    if let reference = known[tokens] { return reference }
    let new = Reference(weights: weights, tokens: tokens, seed: seed, threads: threads)
    known[tokens] = new
    return new
  }
}
