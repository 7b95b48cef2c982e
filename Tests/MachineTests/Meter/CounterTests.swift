// CounterTests.swift: wrap-around, resolution and idle power, the same for every source of energy.

import Testing

@testable import Machine

@Suite struct CounterTests {
  /// 1000 J of range at up to 2000 W: half a second without a read is too much.
  private let smallRange: UInt64 = 1_000_000_000

  @Test func oneWrapIsResolved() throws {
    let machine = try FakeEnergy()
    machine.zone(
      "intel-rapl:0", "package-0", watts: 20, microjoules: FakeEnergy.usualRange - 10_000_000)
    let meter = machine.meter()
    let reading = try machine.measure(meter, seconds: 2)
    #expect(isNear(reading.joules.value, 40, within: 0.04))
  }

  @Test func aWrapInEachOfSeveralSamplesIsResolved() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 1500, range: smallRange)
    let meter = machine.meter()
    #expect(meter.report.channels[0].wrapSeconds == 0.5)
    // 7500 J are seven wraps and a half.
    let reading = try machine.measure(meter, seconds: 5, steps: 20)
    #expect(isNear(reading.joules.value, 7500, within: 7.5))
  }

  @Test func aSecondWrapIsNotExcludedForEver() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 1500, range: smallRange)
    let reading = try machine.measure(machine.meter(), seconds: 1.5)
    #expect(
      reading.joules.reason
        == "/sys/class/powercap/intel-rapl:0/energy_uj: not read for 1.5 s; after 500 ms a second wrap "
        + "cannot be excluded")
  }

  @Test func aResetIsNoWrap() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20, microjoules: 90_000_000_000)
    let meter = machine.meter()
    let window = try meter.begin()
    machine.advance(1)
    machine.damage("intel-rapl:0", "12")
    let reason = try #require(window.end().joules.reason)
    #expect(reason.hasSuffix("the counter was reset"))
  }

  @Test func aCounterThatStandsIsUnavailable() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 0)
    let meter = machine.meter()
    #expect(
      meter.source.reason
        == "/sys/class/powercap/intel-rapl:0/energy_uj: stands at 5000000 uJ, does not advance in 2 s"
    )
    #expect(throws: EnergyUnavailable.self) { try meter.begin() }
  }

  @Test func aCounterThatStopsIsUnavailable() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.zone("intel-rapl:0:0", "dram", watts: 2)
    let meter = machine.meter()
    machine.freeze("intel-rapl:0:0")
    let reading = try machine.measure(meter, seconds: 1)
    let reason = "/sys/class/powercap/intel-rapl:0:0/energy_uj: does not advance in 1 s"
    #expect(reading.joules == .unavailable(reason: reason))
    #expect(reading.reason(of: "package-0/dram") == reason)
    #expect(isNear(reading.joules(of: "package-0"), 20, within: 0.02))
    #expect(meter.measureIdle() == .unavailable(reason: reason.replacing("1 s", with: "2 s")))
  }

  @Test func aMemoryCounterThatNeverRunsIsLeftOutAndSaidSo() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.zone("intel-rapl:0:0", "dram", watts: 0)
    let meter = machine.meter()
    #expect(meter.source == .value("rapl: package-0"))
    let reading = try machine.measure(meter, seconds: 1)
    #expect(isNear(reading.joules.value, 20, within: 0.02))
    #expect(reading.reason(of: "package-0/dram")?.contains("does not advance") == true)
  }

  @Test func theWindowMustBeLongAgainstTheCounter() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20, updateSeconds: 0.004)
    let meter = machine.meter()
    let minimum = try #require(meter.minimumSeconds.value)
    #expect(isNear(minimum, 0.4, within: 0.02))
    let short = try machine.measure(meter, seconds: 0.05)
    let reason = try #require(short.joules.reason)
    #expect(reason.contains("a window of 50 ms is too short"))
    #expect(reason.contains("repeat the work for"))
    #expect(reason.hasSuffix("(\(Int((minimum / 0.05).rounded(.up))) times this)"))
    #expect(short.minimumSeconds == minimum)
    #expect(try machine.measure(meter, seconds: minimum).joules.value != nil)
    // Less exact, sooner.
    let coarse = machine.meter(relativeError: 0.1)
    #expect(isNear(coarse.minimumSeconds.value, 0.04, within: 0.002))
  }

  @Test(arguments: [0.001, 0.0152, 0.1])
  func thePaceOfACounterIsFound(_ updateSeconds: Double) throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20, updateSeconds: updateSeconds)
    let pace = machine.meter().report.channels[0].updateSeconds.value
    #expect(isNear(pace, updateSeconds, within: updateSeconds / 20))
  }

  @Test func slowCountersThatAreNotCountedDoNotLengthenTheWindow() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.zone("intel-rapl:1", "psys", watts: 30, updateSeconds: 0.1)
    let reading = try machine.measure(machine.meter(), seconds: 0.5)
    #expect(isNear(reading.joules.value, 10, within: 0.02))
    #expect(reading.reason(of: "psys")?.contains("too short") == true)
  }

  @Test func idlePowerIsMeasuredAndTakenOff() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    let meter = machine.meter()
    let idle = try #require(meter.measureIdle().value)
    #expect(isNear(idle.watts, 20, within: 0.02))
    #expect(idle.source == "rapl: package-0")
    #expect(isNear(idle.seconds, 2, within: 1e-9))
    let reading = EnergyReading(
      source: idle.source, seconds: 3, minimumSeconds: 0.1, joules: .value(100), domains: [])
    let quiet = IdlePower(source: idle.source, watts: 20, seconds: 2)
    #expect(reading.joules(above: quiet) == .value(40))
    let loud = IdlePower(source: idle.source, watts: 40, seconds: 2)
    #expect(
      reading.joules(above: loud).reason == "100 J in 3 s is not above the 40 W of the idle machine"
    )
    let other = IdlePower(source: "rapl: psys", watts: 20, seconds: 2)
    #expect(
      reading.joules(above: other).reason
        == "idle power is of rapl: psys, energy of rapl: package-0")
  }

  @Test func aWindowEndsOnce() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    let window = try machine.meter().begin()
    machine.advance(1)
    let reading = window.end()
    machine.advance(1)
    #expect(window.end() == reading)
  }
}
