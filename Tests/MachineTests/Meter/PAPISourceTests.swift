// PAPISourceTests.swift: the meter over a PAPI with the component rapl, and over the PAPI of this machine.

import Synchronization
import Testing

@testable import Machine

@Suite struct PAPISourceTests {
  /// A PAPI whose energies run with a clock that the test turns.
  private final class FakePAPI: EnergyEventLibrary {
    private let watts: [String: Double]
    private let seconds = Mutex(0.0)
    private let failure = Mutex<String?>(nil)

    init(_ watts: [String: Double]) { self.watts = watts }

    func start(_ events: [String]) -> Availability<[EnergyEvent]> {
      let known = events.filter { watts[$0] != nil }
      guard !known.isEmpty else { return .unavailable(reason: "\(events[0]): no such event") }
      return .value(known.map { name in EnergyEvent(name: name) { self.nanojoules(name) } })
    }

    private func nanojoules(_ name: String) -> Availability<UInt64> {
      if let reason = failure.withLock({ $0 }) { return .unavailable(reason: reason) }
      let milliseconds = seconds.withLock { ($0 * 1000 + 1e-6).rounded(.down) }
      return .value(UInt64((watts[name] ?? 0) * milliseconds * 1e6))
    }

    func advance(_ span: Double) { seconds.withLock { $0 += span } }
    func fail(_ reason: String) { failure.withLock { $0 = reason } }

    func meter() -> EnergyMeter {
      EnergyMeter(
        sources: [PAPISource(library: self)], relativeError: 0.01,
        clock: MeterClock(now: { self.seconds.withLock { $0 } }, sleep: { self.advance($0) }),
        samplesInBackground: false)
    }
  }

  @Test func twoPackagesAndTheirMemoryAreAdded() throws {
    let papi = FakePAPI([
      "rapl:::PACKAGE_ENERGY:PACKAGE0": 40, "rapl:::PP0_ENERGY:PACKAGE0": 30,
      "rapl:::DRAM_ENERGY:PACKAGE0": 6, "rapl:::PACKAGE_ENERGY:PACKAGE1": 50,
      "rapl:::PSYS_ENERGY:PACKAGE0": 200,
    ])
    let meter = papi.meter()
    #expect(meter.source == .value("papi rapl: package-0 + dram + package-1"))
    let window = try meter.begin()
    papi.advance(2)
    let reading = window.end()
    #expect(isNear(reading.joules.value, 192, within: 0.2))
    #expect(isNear(reading.joules(of: "package-0/core"), 60, within: 0.1))
    #expect(isNear(reading.joules(of: "package-0/psys"), 400, within: 0.5))
    #expect(reading.domains.filter(\.isCounted).count == 3)
  }

  @Test func aPAPIThatStopsReadingLeavesItsReason() throws {
    let papi = FakePAPI(["rapl:::PACKAGE_ENERGY:PACKAGE0": 40])
    let meter = papi.meter()
    let window = try meter.begin()
    papi.advance(2)
    papi.fail("System call failed (PAPI error -3)")
    #expect(window.end().joules.reason?.contains("System call failed") == true)
  }

  @Test func withoutTheComponentTheReasonNamesTheEvent() throws {
    let reason = try #require(FakePAPI([:]).meter().source.reason)
    #expect(reason == "papi rapl: rapl:::PACKAGE_ENERGY:PACKAGE0: no such event")
  }

  /// Whatever PAPI this machine has: energies that can be read, or a reason.
  @Test func thisMachinesPAPIAnswers() {
    switch PAPISource(library: PAPIEnergyEvents()).channels() {
    case .unavailable(let reason): #expect(!reason.isEmpty)
    case .value(let channels):
      #expect(channels.allSatisfy { ($0.read().value ?? 1) < UInt64(1) << 50 })
    }
  }
}
