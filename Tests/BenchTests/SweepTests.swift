import Foundation
import MPGEMM
import Models
import Results
import Statistics
import Testing

@testable import Bench

@Suite struct SweepTests {
  /// Mebibytes of last-level cache, and of the pool.
  static let pools: [(cache: Int?, pool: Int)] = [
    (nil, 512), (1, 512), (256, 512), (300, 600), (480, 960), (600, 1024),
  ]

  @Test(arguments: pools.indices)
  func coldPoolsAreLargerThanTheCachesAndCapped(index: Int) {
    let (cache, pool) = Self.pools[index]
    #expect(WeightPool.coldBytes(lastLevelCache: cache.map { $0 << 20 }) == pool << 20)
  }

  @Test func layersOfOneShapeAreOneTarget() throws {
    let model = try ModelCatalogue.model(slug: "2b-4t")
    let targets = Target.layers(of: model)
    #expect(targets.map(\.layer) == ["q/o", "k/v", "gate/up", "down"])
    #expect(targets.map(\.layerCount) == [60, 60, 60, 30])
    let weights = targets.reduce(0) { $0 + $1.layerCount * $1.outFeatures * $1.inFeatures }
    #expect(weights == model.ternaryWeightsPerToken)
    #expect(targets.allSatisfy { $0.zeroDensity == 0.4219 })
  }

  /// A small sweep over every kernel of the build.
  @Test func everyKernelHasOneRowACase() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ternbench-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try RunFolder(creatingIn: folder, utc: Date(), host: "host", commit: "commit")
    let options = SweepOptions(
      kernels: Kernel.all,
      targets: [
        Target(outFeatures: 37, inFeatures: 200, zeroDensity: 0.5),
        Target(outFeatures: 5, inFeatures: 8, tokens: 3, zeroDensity: 0),
      ], tokens: [1, 2], threads: [1, 2], caches: [.hot], minTime: 1e-4, seed: 3)
    let tally = try SweepRunner(options, folder: run).run()
    let rows = try CSVReader<KernelRow>(run.kernels).rows
    let samples = try CSVReader<SampleRow>(run.samples).rows
    let cases = 2 * 2 + 2
    #expect(options.caseCount == cases)
    #expect(rows.count == Kernel.all.count * cases)
    #expect(tally.ok == rows.count { $0.status == .ok })
    #expect(tally.skipped == rows.count { $0.status == .skipped })
    #expect(tally.failed == 0)
    let keys = rows.map { "\($0.kernel) \($0.outFeatures) \($0.tokens) \($0.threads)" }
    #expect(Set(keys).count == rows.count)
    for row in rows where row.status == .ok {
      let own = samples.filter {
        $0.kernel == row.kernel && $0.outFeatures == row.outFeatures && $0.tokens == row.tokens
          && $0.threads == row.threads
      }
      #expect(own.count == row.samples)
      #expect(row.timeSeconds == Statistics.median(own.map(\.timeSeconds)))
      #expect(row.reproduce.contains("--kernel '^\(row.kernel)$'"))
    }
    for row in rows where row.status == .skipped {
      #expect(row.reason.contains("lacks"))
    }
    // Measured by a meter or missing for a reason, whatever became of the kernel.
    let isAccountedFor = rows.allSatisfy {
      ($0.energyMeasuredJoules == nil) == !$0.energyReason.isEmpty
        && ($0.energyMeasuredJoules == nil || !$0.energySource.isEmpty)
    }
    #expect(isAccountedFor)
    // Every sample has a place of its own in the run: kernels took turns.
    #expect(Set(samples.map(\.order)).count == samples.count)
  }

  /// Too little memory for two pools: each layout beside the anchor's is a group of its own.
  @Test func anAnchorHasOneRowAndOneForEachLaterFailure() throws {
    let groups = SweepGroup.split(
      Kernel.all, outFeatures: 8, inFeatures: 8, poolBytes: 1 << 20, budget: 2 << 20)
    #expect(groups.count > 1 && groups.allSatisfy { $0.kernels.contains($0.anchor) })
    for group in groups {
      for kernel in group.kernels {
        #expect(group.hasRow(kernel, .failed))
        #expect(group.hasRow(kernel, .ok) == (group.number == 1 || kernel != group.anchor))
      }
    }
    let rows = groups.flatMap { group in group.kernels.filter { group.hasRow($0, .ok) } }
    #expect(rows.count == Kernel.all.count && Set(rows.map(\.name)).count == rows.count)
  }

  @Test func turnsAreShuffledBySeed() {
    final class Fake: Turn {
      let name: Int
      let record: (Int) -> Void
      init(_ name: Int, _ record: @escaping (Int) -> Void) {
        self.name = name
        self.record = record
      }
      func measure(calls: Int, warmUp: Bool) -> Sample {
        record(name)
        return Sample(compute: 1, calls: calls)
      }
    }
    func turns(seed: UInt64) -> [Int] {
      var order: [Int] = []
      var sampler = Sampler(minTime: 0, seed: seed)
      let fakes = (0..<4).map { name in
        Participant(.probe(ProbedRead.all[0], layout: ""), turn: Fake(name) { order.append($0) })
      }
      sampler.sample(fakes)
      #expect(fakes.allSatisfy { $0.samples.count == Sampler.minSamples })
      return order
    }
    #expect(turns(seed: 1) == turns(seed: 1))
    #expect(turns(seed: 1) != turns(seed: 2))
    // In each round everyone has one turn.
    let first = turns(seed: 1).prefix(4)
    #expect(Set(first).count == 4)
  }
}
