internal import Decoder
internal import MPGEMM
internal import Machine
internal import Results
internal import Statistics
internal import Verification

/// Turns what was measured into rows.
struct SweepRows {
  let run: String
  let options: SweepOptions
  /// Bytes, where they are known.
  var lastLevelCache: Int?

  /// The rows of the kernels that this CPU cannot run.
  func skipped(_ kernel: Kernel, _ sweepCase: SweepCase) -> KernelRow {
    var row = row(
      kernel, sweepCase, .skipped,
      reason: "this CPU lacks \(kernel.missingISA.names.joined(separator: ", "))")
    row.energyReason = "the kernel was not run"
    return row
  }

  func kernelRow(
    _ outcome: CaseRunner.Outcome, _ sweepCase: SweepCase, _ group: SweepGroup,
    zeroDensity: Double
  ) -> KernelRow {
    var row = row(
      outcome.kernel, sweepCase, outcome.status,
      reason: outcome.status == .emulated ? outcome.emulated : outcome.reason)
    row.zeroDensity = zeroDensity
    row.group = group.number
    row.cpus = outcome.cpus.map { cpus in Self.list(cpus) }.joined(separator: " ")
    if let pool = outcome.pool {
      row.packSeconds = pool.packSeconds
      row.packedBytes = pool.packedBytes
      row.pageSize = pool.pageSize
      row.memory = pool.memory
      row.poolBytes = sweepCase.cache == .hot ? nil : pool.bytes
      row.distinctLayers = pool.distinctLayers
    }
    row.maxAbsError = outcome.verdict?.maxAbsError.ifFinite
    row.nmse = outcome.verdict?.nmse.ifFinite
    row.readGBPerSecond = outcome.readGBPerSecond
    row.energyMeasuredJoules = outcome.energy.netJoules
    row.energyGrossJoules = outcome.energy.grossJoules
    row.energySource = outcome.energy.source
    row.energyReason = outcome.energy.reason
    row.idleWatts = outcome.energy.idleWatts
    row.energyWindowSeconds = outcome.energy.windowSeconds
    if outcome.status == .ok {
      let times = outcome.samples.map(\.time)
      row.timeSeconds = Statistics.median(times)
      row.timeMdAPE = Statistics.medianAbsoluteRelativeError(times)
      row.quantizeSeconds = Statistics.median(outcome.samples.map(\.quantize))
      row.prepareSeconds = Statistics.median(outcome.samples.map(\.prepare))
      row.computeSeconds = Statistics.median(outcome.samples.map(\.compute))
      row.samples = times.count
      let interval = Bootstrap().interval(ofMedianOfTimes: times)
      row.timeLowSeconds = interval?.low
      row.timeHighSeconds = interval?.high
      row.isNoisy = outcome.noise?.isEmpty == false
      row.overheadShare =
        outcome.samples.map {
          Overhead.share(of: $0, perStagedCall: sweepCase.readingsPerStagedCall)
        }.max()?.ifFinite
      for (index, step) in (sweepCase.target.ring?.steps ?? []).enumerated() {
        row.setSeconds(
          Statistics.median(outcome.samples.map { $0.steps[index] }), ofStep: step.name)
      }
    }
    row.note = [
      outcome.noise ?? "", ringNote(outcome, sweepCase), groupNote(outcome.kernel, group),
      outcome.readReason.isEmpty ? "" : "a read probe failed: \(outcome.readReason)",
    ].filter { !$0.isEmpty }.joined(separator: "; ")
    return row
  }

  /// What was counted, each count or reason a row.
  func counterRows(_ outcome: CaseRunner.Outcome, of row: KernelRow) -> [CounterRow] {
    guard let counts = outcome.counts else { return [] }
    let source = options.counters.rawValue
    if let refusal = counts.refusal {
      return [
        CounterRow(of: row, source: source, stage: "all", event: "any", value: nil, reason: refusal)
      ]
    }
    return counts.readings.map { reading in
      CounterRow(
        of: row, source: source, stage: reading.stage, event: reading.event.rawValue,
        thread: reading.thread, value: reading.value.value, reason: reading.value.reason ?? "",
        calls: reading.calls, scaled: reading.isScaled)
    }
  }

  func sampleRows(
    _ outcome: CaseRunner.Outcome, _ sweepCase: SweepCase, _ group: SweepGroup
  ) -> [SampleRow] {
    let target = sweepCase.target
    return outcome.samples.enumerated().map { repetition, sample in
      var row = SampleRow(
        run: run, kernel: outcome.kernel.name, model: target.model, layer: target.layer,
        outFeatures: target.outFeatures, inFeatures: target.inFeatures, tokens: sweepCase.tokens,
        threads: sweepCase.threads, cache: sweepCase.cache, repetition: repetition,
        order: sample.order, quantizeSeconds: sample.quantize, prepareSeconds: sample.prepare,
        computeSeconds: sample.compute, timeSeconds: sample.time, iterations: sample.calls)
      row.group = group.number
      return row
    }
  }

  func ceilingRow(_ ceiling: CaseRunner.Ceiling, _ sweepCase: SweepCase) -> CeilingRow {
    CeilingRow(
      run: run, probe: "read \(ceiling.read.probe.name)", bytes: ceiling.pool.packedBytes,
      threads: sweepCase.threads, cache: sweepCase.cache, pageSize: ceiling.pool.pageSize,
      prefetch: ceiling.read.prefetchDistance > 0,
      medianGBPerSecond: Statistics.median(ceiling.gbPerSecond),
      bestGBPerSecond: ceiling.gbPerSecond.max() ?? 0, samples: ceiling.gbPerSecond.count)
  }

  private func row(
    _ kernel: Kernel, _ sweepCase: SweepCase, _ status: Status, reason: String
  ) -> KernelRow {
    let target = sweepCase.target
    var row = KernelRow(
      run: run, kernel: kernel.name, family: kernel.family, layout: kernel.layout,
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

  /// What binds the size of a ring in memory, and whether a cache may hold it.
  private func ringNote(_ outcome: CaseRunner.Outcome, _ sweepCase: SweepCase) -> String {
    guard let ring = sweepCase.target.ring, let pool = outcome.pool,
      let distinct = pool.distinctLayers
    else { return "" }
    var notes: [String] = []
    if distinct < ring.layers {
      notes.append(
        "\(distinct) of \(ring.layers) layers in memory, used in rotation: all would take more than a "
          + "quarter of memory")
    }
    if let lastLevelCache, pool.bytes <= lastLevelCache {
      notes.append("the whole ring fits the last-level cache, as it does while decoding")
    }
    return notes.joined(separator: "; ")
  }

  private func groupNote(_ kernel: Kernel, _ group: SweepGroup) -> String {
    guard group.count > 1 else { return "" }
    return kernel == group.anchor
      ? "anchor of \(group.count) groups"
      : "took turns within group \(group.number) of \(group.count)"
  }

  /// Numbers as the kernel of the operating system lists them: "0-3,8".
  static func list(_ numbers: [Int]) -> String {
    var parts: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = parts.last, last.upperBound + 1 == number {
        parts[parts.count - 1] = last.lowerBound...number
      } else {
        parts.append(number...number)
      }
    }
    return parts.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}
