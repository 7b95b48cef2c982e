// RAPLTests.swift: the meter over powercap trees as Intel's and AMD's kernels make them.

import Testing

@testable import Machine

@Suite struct RAPLTests {
  private let powercap = FakeEnergy.powercap

  @Test func noPowercapIsNamed() throws {
    let machine = try FakeEnergy()
    let meter = machine.meter()
    let reason = try #require(meter.source.reason)
    #expect(reason.contains("rapl: /sys/class/powercap: No such file"))
    #expect(reason.contains("hwmon: /sys/class/hwmon: No such file"))
    #expect(meter.minimumSeconds.value == nil)
    #expect(meter.measureIdle() == .unavailable(reason: reason))
    #expect(throws: EnergyUnavailable(reason: reason)) { try meter.begin() }
  }

  @Test func otherControlTypesAreNoMeters() throws {
    let machine = try FakeEnergy([
      "\(powercap)/dtpm:0/name": "soc", "\(powercap)/dtpm:0/energy_uj": "7",
      "\(powercap)/intel-rapl/enabled": "1",
    ])
    let reason = try #require(machine.meter().source.reason)
    #expect(reason.contains("/sys/class/powercap: no zone intel-rapl:N"))
  }

  @Test func packageIncludesCoreAndUncoreAndMemoryIsAdded() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 50)
    machine.zone("intel-rapl:0:0", "core", watts: 30)
    machine.zone("intel-rapl:0:1", "uncore", watts: 5)
    machine.zone("intel-rapl:0:2", "dram", watts: 8)
    let meter = machine.meter()
    #expect(meter.source == .value("rapl: package-0 + dram"))
    let reading = try machine.measure(meter, seconds: 2)
    #expect(isNear(reading.joules.value, 116, within: 0.06))
    #expect(isNear(reading.joules(of: "package-0"), 100, within: 0.05))
    #expect(isNear(reading.joules(of: "package-0/core"), 60, within: 0.03))
    #expect(isNear(reading.joules(of: "package-0/uncore"), 10, within: 0.005))
    #expect(isNear(reading.joules(of: "package-0/dram"), 16, within: 0.008))
    #expect(reading.domains.filter(\.isCounted).map(\.name) == ["package-0", "package-0/dram"])
    #expect(reading.source == "rapl: package-0 + dram")
    #expect(abs(reading.seconds - 2) < 1e-9)
  }

  @Test func platformStandsApart() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.zone("intel-rapl:1", "psys", watts: 45)
    let meter = machine.meter()
    #expect(meter.source == .value("rapl: package-0"))
    let reading = try machine.measure(meter, seconds: 1)
    #expect(isNear(reading.joules.value, 20, within: 0.02))
    #expect(isNear(reading.joules(of: "psys"), 45, within: 0.045))
  }

  @Test func packagesAndDiesAreSummed() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0-die-0", watts: 100)
    machine.zone("intel-rapl:0:0", "dram", watts: 10)
    machine.zone("intel-rapl:1", "package-1-die-0", watts: 70)
    machine.zone("intel-rapl:1:0", "dram", watts: 5)
    let meter = machine.meter()
    #expect(meter.source == .value("rapl: package-0-die-0 + dram + package-1-die-0 + dram"))
    let reading = try machine.measure(meter, seconds: 1)
    #expect(isNear(reading.joules.value, 185, within: 0.185))
  }

  @Test func memoryMappedCopiesAreNotCounted() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.zone("intel-rapl-mmio:0", "package-0", watts: 20)
    machine.zone("intel-rapl-mmio:0:0", "dram", watts: 3)
    let meter = machine.meter()
    // The memory counter is no copy of anything, so it counts.
    #expect(meter.source == .value("rapl: package-0 + dram"))
    #expect(isNear(try machine.measure(meter, seconds: 1).joules.value, 23, within: 0.023))
    let copy = meter.report.channels.first { $0.name == "package-0 (intel-rapl-mmio)" }
    #expect(copy?.scope == .duplicate)
  }

  @Test func everyPackageOrNone() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.zone("intel-rapl:1", "package-1", watts: 20)
    machine.damage("intel-rapl:1", "often")
    #expect(
      machine.meter().source.reason
        == "/sys/class/powercap/intel-rapl:1/energy_uj: \"often\" is not a count")
  }

  @Test(arguments: ["-5", "", "12 34", "0x1f", "99999999999999999999999"])
  func garbageIsQuoted(_ garbage: String) throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    let meter = machine.meter()
    let window = try meter.begin()
    machine.advance(0.5)
    machine.damage("intel-rapl:0", garbage)
    machine.advance(0.5)
    let reason = try #require(window.end().joules.reason)
    #expect(
      reason
        == "/sys/class/powercap/intel-rapl:0/energy_uj: \"\(garbage.prefix(40))\" is not a count")
  }

  @Test func aRangeIsNeeded() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.write("0", to: "\(powercap)/intel-rapl:0/max_energy_range_uj")
    #expect(
      machine.meter().source.reason
        == "/sys/class/powercap/intel-rapl:0/max_energy_range_uj: 0 is not a range")
    machine.write("1000", to: "\(powercap)/intel-rapl:0/max_energy_range_uj")
    #expect(machine.meter().source.reason?.contains("is above max_energy_range_uj, 1000") == true)
  }

  @Test func zonesWithoutFilesAreAContainers() throws {
    let machine = try FakeEnergy()
    machine.write("", to: "\(powercap)/intel-rapl:0/uevent")
    let reason = try #require(machine.meter().source.reason)
    #expect(reason.hasPrefix("/sys/class/powercap/intel-rapl:0/name: No such file or directory"))
    #expect(reason.contains("containers"))
  }

  @Test func aZoneMayVanish() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.zone("intel-rapl:1", "package-1", watts: 30)
    let meter = machine.meter()
    let window = try meter.begin()
    machine.advance(0.5)
    machine.remove("\(powercap)/intel-rapl:1")
    machine.advance(0.5)
    let reading = window.end()
    #expect(
      reading.joules.reason
        == "/sys/class/powercap/intel-rapl:1/energy_uj: No such file or directory")
    #expect(isNear(reading.joules(of: "package-0"), 20, within: 0.02))
    // Nor does a window begin without it.
    #expect(throws: EnergyUnavailable.self) { try meter.begin() }
  }

  @Test func reportNamesEveryZone() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    machine.zone("intel-rapl:0:0", "core", watts: 0)
    machine.zone("intel-rapl:1", "psys", watts: 30, updateSeconds: 0.01)
    #expect(
      machine.meter().report.description == """
        energy: rapl: package-0
          windows of 101 ms or more are within 1 %
          package-0: package, with its cores and uncore; counted; renewed every 1.01 ms, \
        wraps in 131 s at the soonest
          package-0/core: inside its package; not counted; unavailable: \
        /sys/class/powercap/intel-rapl:0:0/energy_uj: stands at 5000000 uJ, does not advance in 2 s
          psys: the whole machine; not counted; renewed every 10 ms, wraps in 131 s at the soonest
        """)
  }
}
