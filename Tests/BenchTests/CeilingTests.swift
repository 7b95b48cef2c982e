import MPGEMM
import Testing

@testable import Bench

@Suite struct CeilingTests {
  private let shape = Shape(outFeatures: 256, tokens: 1, inFeatures: 1024)

  private func rates(gop: Double) -> InstructionCeilings {
    InstructionCeilings(
      rates: ThroughputProbe.all.map {
        InstructionCeilings.Rate(probe: $0, threads: 1, median: gop / 2, best: gop, samples: 3)
      })
  }

  @Test(arguments: Kernel.all)
  func theSlowestOfReadingAndExecutingBinds(kernel: Kernel) {
    let bytes = kernel.packedSize(outFeatures: 256, inFeatures: 1024)
    let counts = kernel.count(shape)
    let binding = { (gop: Double, gb: Double) in
      self.rates(gop: gop).binding(
        of: kernel, operations: { Double(counts.prepare[$0] + counts.compute[$0]) },
        packedBytes: bytes, readGBPerSecond: gb)
    }
    // With instructions that cost nothing, only reading is left.
    #expect(binding(1e12, 10)?.name == "read")
    #expect(binding(1e12, 10)?.seconds == Double(bytes) / 10 * 1e-9)
    // With memory that costs nothing, an instruction is, if the kernel may use one that is probed.
    let operations: [ScalarOperation] = [.multiplyInt8, .lookup, .multiplyFloat32]
    let usable = ThroughputProbe.all.filter { kernel.mayExecute($0) }
    let most =
      operations.filter { operation in usable.contains { $0.operation == operation } }
      .map { counts.prepare[$0] + counts.compute[$0] }.max() ?? 0
    guard most > 0 else {
      #expect(binding(1, 1e12)?.name == "read")
      return
    }
    #expect(binding(1, 1e12)?.seconds == Double(most) * 1e-9)
    #expect(usable.map(\.name).contains(binding(1, 1e12)?.name ?? ""))
  }

  @Test func nothingKnownIsNoCeiling() throws {
    let kernel = try #require(Kernel.all.first)
    let binding = InstructionCeilings(rates: []).binding(
      of: kernel, operations: { _ in 1 }, packedBytes: 1, readGBPerSecond: nil)
    #expect(binding == nil)
  }

  @Test func everyRunnableProbeIsMeasured() {
    let ceilings = InstructionCeilings(measuringOn: ThreadPool(threads: 2))
    #expect(ceilings.rates.map(\.probe.name) == ThroughputProbe.runnable.map(\.name))
    #expect(ceilings.rates.allSatisfy { $0.best > 0 && $0.threads == 2 })
  }
}
