import MPGEMM
import Results
import Statistics
import Testing

@testable import Bench

/// The live test of verdicts, small: a few kernels on a small shape.
@Suite struct VerdictTestTests {
  @Test func aDelayIsFoundAndItselfIsNot() throws {
    let kernel = try #require(Kernel.all.first { $0.isRunnable && $0.isLossless })
    var options = SweepOptions(
      kernels: [kernel],
      targets: [Target(outFeatures: 256, inFeatures: 512, zeroDensity: 0.3)], caches: [.hot],
      minTime: 0.02)
    options.maxTime = 0.05
    let findings = VerdictTest(options, comparisons: 8).run()
    // As many of each kind; a delay makes nothing faster, however noisy the machine.
    #expect(findings.count { $0.partner == .itself } == 8)
    #expect(findings.count { $0.partner == .slowed } == 8)
    #expect(findings.count(.slowed, .slower, minEffect: 0.03) <= 1)
    let ratios = findings.filter { $0.partner == .slowed }.map(\.ratio.value)
    #expect((1.0...1.3).contains(Statistics.median(ratios)), "\(ratios)")
  }
}
