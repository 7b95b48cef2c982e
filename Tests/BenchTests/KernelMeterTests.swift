import Synchronization
import Testing

@testable import Bench
@testable import Machine

/// A machine in memory: it draws one power while it sleeps and another while a kernel runs.
private final class TwoPowers: EnergySource {
  private struct State {
    var seconds = 0.0
    var joules = 0.0
    var milliseconds = 0
    var microjoules: UInt64 = 0
  }
  private let state = Mutex(State())
  let name = "rapl"
  static let idleWatts = 3.0

  func advance(_ seconds: Double, watts: Double) {
    state.withLock { state in
      state.seconds += seconds
      state.joules += seconds * watts
      // The counter is renewed once a millisecond.
      let milliseconds = Int(state.seconds * 1000 + 1e-6)
      guard milliseconds != state.milliseconds else { return }
      state.milliseconds = milliseconds
      state.microjoules = UInt64(state.joules * 1e6)
    }
  }

  func channels() -> Availability<[EnergyChannel]> {
    .value([
      EnergyChannel(
        name: "package-0", place: "memory", scope: .package, quantity: .counter(range: nil),
        read: { .value(self.state.withLock(\.microjoules)) })
    ])
  }

  func meter() -> EnergyMeter {
    EnergyMeter(
      sources: [self], relativeError: 0.01,
      clock: MeterClock(
        now: { self.state.withLock(\.seconds) },
        sleep: { self.advance($0, watts: Self.idleWatts) }),
      samplesInBackground: false)
  }
}

@Suite struct KernelMeterTests {
  @Test func withoutAMeterNothingIsRun() throws {
    let energy = KernelMeter(EnergyMeter.open(root: "/nowhere")).energy(callSeconds: 0.001) { _ in
      Issue.record("calls without a meter")
    }
    #expect(energy.netJoules == nil && energy.grossJoules == nil && energy.idleWatts == nil)
    #expect(energy.source.isEmpty && energy.reason.contains("rapl"))
  }

  /// 13 W for 2 ms a call are 26 mJ, of which the idle machine would have used 6 mJ.
  ///
  /// Where a call takes a fifth of what was expected, the first windows are too short: calls are added.
  @Test(arguments: [0.002, 0.010]) func energyIsThatOfOneCall(expectedSeconds: Double) {
    let machine = TwoPowers()
    var most = 0
    let energy = KernelMeter(machine.meter()).energy(callSeconds: expectedSeconds) { calls in
      most = calls
      for _ in 0..<calls { machine.advance(0.002, watts: 13) }
    }
    #expect(isNear(energy.grossJoules, 0.026) && isNear(energy.netJoules, 0.020))
    #expect(isNear(energy.idleWatts, TwoPowers.idleWatts))
    #expect(isNear(energy.windowSeconds, 0.002 * Double(most)))
    #expect(energy.source == "rapl: package-0" && energy.reason.isEmpty)
  }

  /// Within the relative error that the meter was opened with, at both ends of a window.
  private func isNear(_ value: Double?, _ expected: Double) -> Bool {
    value.map { abs($0 - expected) <= 0.02 * expected } ?? false
  }
}
