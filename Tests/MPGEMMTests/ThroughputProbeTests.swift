import MPGEMM
import Testing

@Suite struct ThroughputProbeTests {
  @Test func namesAreUnique() {
    #expect(Set(ThroughputProbe.all.map(\.name)).count == ThroughputProbe.all.count)
  }
}
