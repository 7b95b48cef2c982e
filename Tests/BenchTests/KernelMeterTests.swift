import Machine
import Testing

@testable import Bench

@Suite struct KernelMeterTests {
  @Test func withoutAMeterNothingIsRun() throws {
    let energy = KernelMeter(EnergyMeter.open(root: "/nowhere")).energy(callSeconds: 0.001) { _ in
      Issue.record("calls without a meter")
    }
    #expect(energy.netJoules == nil && energy.grossJoules == nil && energy.idleWatts == nil)
    #expect(energy.source.isEmpty && energy.reason.contains("rapl"))
  }
}
