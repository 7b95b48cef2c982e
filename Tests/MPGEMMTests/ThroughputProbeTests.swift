import MPGEMM
import Testing

@Suite struct ThroughputProbeTests {
  @Test func namesAreUnique() {
    #expect(Set(ThroughputProbe.all.map(\.name)).count == ThroughputProbe.all.count)
  }

  /// Twice the turns take about twice the time: the compiler has left nothing out.
  @Test(arguments: ThroughputProbe.runnable)
  func timeGrowsWithTheTurns(probe: ThroughputProbe) {
    let clock = ContinuousClock()
    func best(_ turns: Int) -> Duration {
      (0..<20).map { _ in clock.measure { probe.run(turns: turns) } }.min() ?? .zero
    }
    let ratio = best(40_000) / best(10_000)
    #expect(ratio > 2.5 && ratio < 8, "\(probe.name): \(ratio)")
  }
}
