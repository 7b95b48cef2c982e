import MPGEMM
import Machine
import Results
import Testing

@testable import Bench

/// What a case is like whose read probes, or whose anchor, die.
@Suite struct LostProbeTests {
  /// A pool whose process dies of whatever the test says.
  private final class DyingHost: PoolHost {
    let pool: PoolReport
    private let local: LocalPoolHost
    private let diesOf: Kernel?

    init(_ local: LocalPoolHost, diesOf: Kernel?) {
      self.local = local
      self.diesOf = diesOf
      pool = local.pool
    }

    private static let death = WorkerFailure(stage: .verifying, cause: .signal(11))

    func begin(_ kernel: Kernel, on sweepCase: SweepCase) throws(WorkerFailure) -> Beginning {
      if kernel == diesOf { throw Self.death }
      return local.begin(kernel, on: sweepCase)
    }

    func begin(_ read: ProbedRead, on sweepCase: SweepCase) throws(WorkerFailure) -> Beginning {
      throw Self.death
    }
  }

  /// The rows of the anchor's layout, measured as the group of that number.
  private func rows(group number: Int, anchorDies: Bool) throws -> [KernelRow] {
    let runnable = Kernel.all.filter { $0.isRunnable && $0.activation != .int4 }
    let anchor = try #require(
      SweepGroup.split(runnable, outFeatures: 8, inFeatures: 8, poolBytes: 1, budget: 1).first?
        .anchor)
    let group = SweepGroup(
      number: number, count: 2, kernels: runnable.filter { $0.layout == anchor.layout },
      anchor: anchor)
    let target = Target(outFeatures: 8, inFeatures: 64, zeroDensity: 0.5)
    let options = SweepOptions(
      kernels: runnable, targets: [target], caches: [.hot], minTime: 1e-4, seed: 3)
    let sweepCase = SweepCase(target: target, tokens: 1, threads: 1, cache: .hot)
    let weights = TernaryMatrix(outFeatures: 8, inFeatures: 64, zeroDensity: 0.5, seed: 3)
    let topology = Machine.read(isa: ISA.current.names).topology
    let threads = ThreadPools(topology)
    let hosts = GroupHosts(for: group.kernels) { kernel throws(WorkerFailure) in
      DyingHost(
        LocalPoolHost(
          packing: weights, for: kernel, poolBytes: 1, memory: PoolMemory(.firstTouch, topology),
          seed: 3, threads: threads), diesOf: anchorDies ? anchor : nil)
    }
    let runner = CaseRunner(
      sweepCase: sweepCase, options: options, hosts: hosts,
      reference: Reference(
        weights: TargetWeights([weights]), tokens: 1, seed: 3, threads: ThreadPool(threads: 1)),
      meter: KernelMeter(EnergyMeter.open()), usableThreads: 1)
    var sampler = Sampler(minTime: 1e-4, seed: 3)
    let measured = runner.run(kernels: group.kernels, sampler: &sampler) { _ in }
    #expect(measured.ceilings.isEmpty)
    let rows = SweepRows(run: "r", options: options)
    return measured.outcomes.filter { group.hasRow($0.kernel, $0.status) }
      .map { rows.kernelRow($0, sweepCase, group, zeroDensity: 0.5) }
  }

  @Test func aRowWithoutReadBandwidthSaysWhy() throws {
    let rows = try rows(group: 1, anchorDies: false)
    #expect(!rows.isEmpty)
    for row in rows {
      #expect(row.status == .ok && row.readGBPerSecond == nil)
      #expect(row.note.contains("a read probe failed: SIGSEGV"), "\(row.kernel): \(row.note)")
    }
  }

  @Test func anAnchorThatDiesLaterHasARowThere() throws {
    let sound = try rows(group: 2, anchorDies: false)
    let dead = try rows(group: 2, anchorDies: true)
    #expect(dead.count == sound.count + 1)
    let anchor = try #require(dead.first { row in !sound.contains { $0.kernel == row.kernel } })
    #expect(anchor.status == .failed && anchor.group == 2)
    #expect(anchor.reason.contains("SIGSEGV"))
  }
}
