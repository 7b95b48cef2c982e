import Decoder
import Foundation
import MPGEMM
import Machine
import Results
import Statistics
import Testing
import Verification

@testable import Bench
@testable import Models

/// Whole models, layer after layer.
@Suite struct RingTests {
  /// Three blocks, small enough for portable kernels, with widths that pad.
  private static func model() throws -> ModelShape {
    try ModelShape(
      toml: """
        schema = 1
        name = "Ring"
        hidden = 48
        ffn = 100
        layers = 3
        heads = 4
        kv_heads = 2
        gated = true
        """, path: "ring.toml")
  }

  private func target() throws -> Target { try #require(Target.ring(of: Self.model())) }

  // Not within @Test, where a closure crashes Swift 6.0.3.
  private static let ternaryModels = ModelCatalogue.all.filter { !$0.ternaryLayers.isEmpty }
  private static let kernels = Kernel.all.filter { $0.isRunnable && $0.activation != .int4 }

  @Test(arguments: ternaryModels)
  func aRingIsEveryTernaryWeightOfItsModel(model: ModelShape) throws {
    let target = try #require(Target.ring(of: model))
    let ring = try #require(target.ring)
    #expect(ring.layers * ring.weightsPerLayer == model.ternaryWeightsPerToken)
    #expect(target.outFeatures * target.inFeatures == model.ternaryWeightsPerToken)
    #expect(ring.matrices.count == model.ternaryLayers.count)
    for (matrix, layer) in zip(ring.matrices, model.ternaryLayers) {
      #expect(matrix.outFeatures == layer.outFeatures, "\(layer.name)")
      #expect(matrix.inFeatures == layer.inFeatures, "\(layer.name)")
    }
  }

  @Test func onlyRingsGoRound() throws {
    let matrix = Target(outFeatures: 8, inFeatures: 8, zeroDensity: 0)
    let ring = try target()
    let options = SweepOptions(
      kernels: [], targets: [matrix, ring], threads: [1, 2],
      caches: [.hot, .ring, .cold])
    #expect(options.cases(of: matrix).map(\.cache) == [.hot, .cold, .hot, .cold])
    #expect(options.cases(of: ring).map(\.cache) == [.ring, .ring])
    #expect(options.caseCount == 6)
  }

  @Test func memoryBoundsHowManyBlocksLieApart() throws {
    let target = try target()
    let ring = try #require(target.ring)
    let kernel = try #require(Kernel.all.first { $0.isRunnable && $0.isLossless })
    let block = ring.matrices.reduce(0) {
      $0 + kernel.packedSize(outFeatures: $1.outFeatures, inFeatures: $1.inFeatures)
    }
    let weights = TargetWeights(target, seed: 1)
    for (bytes, distinct) in [(0, 1), (2 * block, 2), (3 * block, 3), (99 * block, 3)] {
      let pool = RingPool(
        packing: weights, of: ring, for: kernel, mostBytes: bytes,
        memory: PoolMemory(.firstTouch, .read()))
      #expect(pool.distinctLayers == distinct && pool.report.distinctLayers == distinct)
      #expect(pool.steps.map(\.count) == [3, 1, 2, 1])
      #expect(pool.steps.joined().allSatisfy { $0.copies == distinct })
      #expect(pool.report.packedBytes == 3 * block, "what a pass reads is all layers, apart or not")
      #expect((0..<3).map(pool.copy(ofLayer:)) == (0..<3).map { $0 % distinct })
    }
  }

  /// The layers come in order, each step of each once, and every block gives the first one's result.
  @Test(arguments: kernels)
  func aPassGoesThroughEveryLayerInOrder(kernel: Kernel) throws {
    let target = try target()
    let ring = try #require(target.ring)
    let pool = RingPool(
      packing: TargetWeights(target, seed: 1), of: ring, for: kernel, mostBytes: .max,
      memory: PoolMemory(.firstTouch, .read()))
    let pass = RingPass(
      kernel, ring: ring, tokens: 2,
      activations: ring.steps.map {
        Reference.activations(tokens: 2, inFeatures: $0.inFeatures, seed: 1)
      }, pool: ThreadPool(threads: 2))
    var seen: [[Int]] = []
    func matrices(_ layer: Int, _ step: Int) -> ([PackedMatrix], copy: Int) {
      seen.append([layer, step])
      return (pool.steps[step], pool.copy(ofLayer: layer))
    }
    let sample = pass.timed(0..<1, matrices)
    let result = pass.result
    #expect(seen == (0..<4).map { [0, $0] })
    #expect(sample.steps.count == 4 && sample.compute == sample.steps.reduce(0, +))
    seen = []
    pass.run(0..<3, matrices)
    #expect(seen == (0..<3).flatMap { layer in (0..<4).map { [layer, $0] } })
    #expect(pass.result == result, "the last block is a copy of the first")
    #expect(result.count == 2 * ring.matrices.reduce(0) { $0 + $1.outFeatures })
  }

  /// Whichever matrix of the block a kernel gets wrong, it is not timed.
  @Test func everyMatrixOfABlockIsVerified() throws {
    let target = try target()
    let ring = try #require(target.ring)
    let kernel = try #require(Kernel.all.first { $0.isRunnable && $0.isLossless })
    let host = LocalRingHost(
      packing: TargetWeights(target, seed: 1), of: ring, for: kernel, mostBytes: .max,
      memory: PoolMemory(.firstTouch, .read()), seed: 1, threads: ThreadPools(.read()))
    let reference = Reference(
      weights: TargetWeights(target, seed: 1), tokens: 2, seed: 1, threads: ThreadPool(threads: 1))
    let right = host.begin(
      kernel, on: SweepCase(target: target, tokens: 2, threads: 1, cache: .ring)
    ).result
    #expect(reference.verdict(on: right, of: kernel).mismatch == nil)
    var last = -1
    for matrix in ring.matrices {
      var wrong = right
      last += 2 * matrix.outFeatures
      wrong[last] += 1
      let verdict = reference.verdict(on: wrong, of: kernel)
      #expect(verdict.mismatch != nil && verdict.maxAbsError > 0.5, "\(matrix)")
    }
    #expect(last == right.count - 1)
  }

  @Test func everyKernelHasOneRowARing() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ternbench-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try RunFolder(creatingIn: folder, utc: Date(), host: "host", commit: "commit")
    var options = SweepOptions(
      kernels: Kernel.all, targets: [try target()], tokens: [1, 3], caches: [.ring], minTime: 1e-4,
      singleSampleAbove: 3600, seed: 3)
    options.counters = .step
    let tally = try SweepRunner(options, folder: run).run()
    #expect(tally.failed == 0)
    try run.writeModelledEnergy(of: options)
    #expect(try CSVReader<EnergyRow>(run.energy).rows.isEmpty)
    let rows = try CSVReader<KernelRow>(run.kernels).rows
    #expect(rows.count == 2 * Kernel.all.count)
    let samples = try CSVReader<SampleRow>(run.samples).rows
    let counters = try CSVReader<CounterRow>(run.counters).rows
    for row in rows {
      #expect(row.layer == "ring" && row.model == "ring" && row.cache == .ring)
      guard row.status == .ok else { continue }
      let own = samples.filter {
        ($0.kernel, $0.tokens, $0.threads) == (row.kernel, row.tokens, row.threads)
      }
      #expect(row.timeSeconds == Statistics.median(own.map(\.timeSeconds)))
      #expect(row.samples == own.count && row.timeLowSeconds != nil)
      let steps = [row.qkvSeconds, row.oSeconds, row.gateUpSeconds, row.downSeconds]
      #expect(steps.allSatisfy { $0 ?? 0 > 0 })
      #expect(row.distinctLayers == 3 && (row.poolBytes ?? 0) >= (row.packedBytes ?? .max))
      #expect(row.readGBPerSecond ?? 0 > 0 && row.ceilingSeconds ?? 0 > 0)
      #expect(row.reproduce.contains("--model ring --tokens \(row.tokens)"))
      let counts = counters.filter {
        ($0.kernel, $0.tokens, $0.threads) == (row.kernel, row.tokens, row.threads)
      }
      #expect(counts.count == 1 && counts[0].value == nil && counts[0].reason.contains("ring"))
    }
  }

  @Test func aSingleSampleIsOneLayerAndSaysSo() throws {
    let sweepCase = SweepCase(target: try target(), tokens: 1, threads: 1, cache: .ring)
    let options = SweepOptions(kernels: [], targets: [], singleSampleAbove: 0.1)
    #expect(abs(sweepCase.singleSampleAbove(options) - 0.3) < 1e-12)
    #expect(NoiseNote.singleSample(sweepCase).contains("1 layer, times 3"))
  }
}
