import Energy
import MPGEMM
import Results
import Testing

@testable import Bench

@Suite struct ModelledEnergyTests {
  /// The example that docs/energy.md reckons by hand.
  @Test func theExampleByHandIsWhatIsComputed() throws {
    let kernel = try #require(Kernel.all.first { $0.name == "i2s_portable" })
    let shape = Shape(outFeatures: 32, tokens: 1, inFeatures: 256)
    let cost = try KernelCost(kernel, shape: shape, cache: .cold, node: "7nm")
    let published = 8192 * 0.07 + 8224 * 0.03 + 64 * 1.31
    let bounded = 12288 * 0.06 + 32 * 0.38
    #expect(abs(cost.arithmeticJoules.lowerBound - published * 1e-12) < 1e-20)
    #expect(abs(cost.arithmeticJoules.upperBound - (published + bounded) * 1e-12) < 1e-20)
    #expect(try cost.traffic.get().dramBytes == 2048)
    #expect(abs(try cost.dramJoules.get().lowerBound - 2048 * 162.5e-12) < 1e-16)
  }

  /// A row for each kernel, node and regime, with its sources, whatever this CPU can run.
  @Test func everyKernelIsPriced() throws {
    let target = Target(outFeatures: 96, inFeatures: 512, zeroDensity: 0.3)
    for cache in [CacheRegime.cold, .hot] {
      let rows = try EnergyRow.all(
        run: "r", kernels: Kernel.all, target: target, tokens: 3, cache: cache)
      #expect(rows.count == Kernel.all.count * OperationEnergies.builtIn.nodes.count)
      for row in rows {
        let problem = row.inconsistency
        #expect(problem == nil, "\(row.kernel) \(row.node): \(problem ?? "")")
        #expect(row.joulesPerTokenLeast ?? 0 > 0, "\(row.kernel) \(row.node) \(row.reason)")
        #expect(row.sramSource.contains("SRAM") && row.dramSource.contains(row.node))
      }
    }
  }

  /// The hot regime has no figure where no cache of that size has a price, and says so.
  @Test func aLargeHotMatrixHasAReason() throws {
    let target = Target(outFeatures: 4096, inFeatures: 4096, zeroDensity: 0.3)
    let kernels = Kernel.all.filter { $0.bitsPerWeight >= 8 }
    for row in try EnergyRow.all(
      run: "r", kernels: kernels, target: target, tokens: 1, cache: .hot)
    {
      #expect(row.sramJoulesLeast == nil && row.reason.contains("largest SRAM"))
      #expect(row.arithmeticJoulesLeast > 0)
    }
  }
}
