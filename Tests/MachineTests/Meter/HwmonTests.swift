// HwmonTests.swift: the meter over hwmon trees of ARM boards and servers.

import Foundation
import Testing

@testable import Machine

@Suite struct HwmonTests {
  private let hwmon = "/sys/class/hwmon"

  @Test func anEnergyCounterIsPreferredToItsPower() throws {
    let machine = try FakeEnergy([
      "\(hwmon)/hwmon0/name": "scmi_sensors",
      "\(hwmon)/hwmon0/energy1_label": "big", "\(hwmon)/hwmon0/power2_label": "big",
      "\(hwmon)/hwmon0/power2_input": "3000000",
    ])
    machine.counter(
      FakeCounter(file: "\(hwmon)/hwmon0/energy1_input", watts: 4, updateSeconds: 0.01))
    let meter = machine.meter()
    #expect(meter.source == .value("hwmon: scmi_sensors big"))
    #expect(meter.report.absent.first?.hasPrefix("rapl: /sys/class/powercap: No such file") == true)
    let reading = try machine.measure(meter, seconds: 2)
    #expect(reading.domains.count == 1)
    #expect(isNear(reading.joules.value, 8, within: 0.08))
  }

  @Test func anEnergyCounterThatGoesBackWasReset() throws {
    let machine = try FakeEnergy(["\(hwmon)/hwmon0/name": "soc"])
    let file = "\(hwmon)/hwmon0/energy1_input"
    machine.counter(FakeCounter(file: file, watts: 4, updateSeconds: 0.01))
    let window = try machine.meter().begin()
    machine.advance(2)
    machine.write("1", to: file)
    #expect(window.end().joules.reason?.contains("was the driver reloaded?") == true)
  }

  @Test func powerIsIntegratedOverSamples() throws {
    let machine = try FakeEnergy([
      "\(hwmon)/hwmon3/name": "ina226", "\(hwmon)/hwmon3/update_interval": "10",
      "\(hwmon)/hwmon3/power1_input": "2000000",
    ])
    let meter = machine.meter()
    #expect(meter.source == .value("hwmon: ina226 power1"))
    #expect(meter.minimumSeconds == .value(1))
    let window = try meter.begin()
    machine.advance(0.5)
    // 2 W to here, then rising to 6 W within half a second, then 6 W for half a second.
    window.sample()
    machine.advance(0.5)
    machine.write("6000000", to: "\(hwmon)/hwmon3/power1_input")
    window.sample()
    machine.advance(0.5)
    #expect(isNear(window.end().joules.value, 1 + 2 + 3, within: 1e-9))
  }

  @Test func powerThatNobodyWatchedIsUnknown() throws {
    let machine = try FakeEnergy([
      "\(hwmon)/hwmon3/name": "ina226", "\(hwmon)/hwmon3/update_interval": "10",
      "\(hwmon)/hwmon3/power1_input": "2000000",
    ])
    let reading = try machine.measure(machine.meter(), seconds: 3)
    #expect(
      reading.joules.reason
        == "/sys/class/hwmon/hwmon3/power1_input: not read for 3 s, and its power is unknown after 1 s"
    )
  }

  @Test func noPowerIsNoMeasurement() throws {
    let machine = try FakeEnergy([
      "\(hwmon)/hwmon3/name": "ina226", "\(hwmon)/hwmon3/update_interval": "2",
      "\(hwmon)/hwmon3/power1_input": "0",
    ])
    let reading = try machine.measure(machine.meter(), seconds: 1, steps: 4)
    #expect(reading.joules.reason == "/sys/class/hwmon/hwmon3/power1_input: says 0 W in 1 s")
  }

  @Test func theWindowsOwnThreadSamples() async throws {
    let root = try FakeRoot([
      "\(hwmon)/hwmon3/name": "ina226", "\(hwmon)/hwmon3/update_interval": "10",
      "\(hwmon)/hwmon3/power1_input": "2000000",
    ])
    let reads = Counter()
    var files = MeterFiles(root: root.path)
    let text = files.text
    files.text = { path in
      if path.hasSuffix("power1_input") { reads.increment() }
      return text(path)
    }
    let meter = EnergyMeter(
      sources: [HwmonSource(files: files)], relativeError: 1, clock: .system,
      samplesInBackground: true)
    let window = try meter.begin()
    let before = reads.value
    while reads.value < before + 3 { try await Task.sleep(for: .milliseconds(1)) }
    let reading = window.end()
    // Constant power: exact however the samples fall.
    #expect(isNear(reading.joules.value, 2 * reading.seconds, within: 1e-6))
  }

  @Test func jetsonsInputIsTheWholeMachine() throws {
    let machine = try FakeEnergy([
      "\(hwmon)/hwmon1/name": "ina3221", "\(hwmon)/hwmon1/update_interval": "5",
      "\(hwmon)/hwmon1/in1_label": "VDD_IN", "\(hwmon)/hwmon1/in1_input": "5000",
      "\(hwmon)/hwmon1/curr1_input": "1200",
      "\(hwmon)/hwmon1/in2_label": "VDD_CPU_GPU_CV", "\(hwmon)/hwmon1/in2_input": "5000",
      "\(hwmon)/hwmon1/curr2_input": "400",
      // A shunt, in microvolts, and a sum of currents: no channels.
      "\(hwmon)/hwmon1/in4_input": "40", "\(hwmon)/hwmon1/curr4_input": "1600",
    ])
    let meter = machine.meter()
    #expect(meter.source == .value("hwmon: ina3221 VDD_IN"))
    let reading = try machine.measure(meter, seconds: 1, steps: 10)
    #expect(isNear(reading.joules.value, 6, within: 1e-9))
    #expect(isNear(reading.joules(of: "ina3221 VDD_CPU_GPU_CV"), 2, within: 1e-9))
    #expect(reading.domains.count == 2)
    let cpu = machine.meter(counting: ["ina3221 VDD_CPU_GPU_CV"])
    #expect(isNear(try machine.measure(cpu, seconds: 1, steps: 10).joules.value, 2, within: 1e-9))
    #expect(
      machine.meter(counting: ["ina3221 VDD_CPU_GPU_CV", "ina3221 VDD_IN"]).source.reason
        == "\"ina3221 VDD_IN\" and \"ina3221 VDD_CPU_GPU_CV\" overlap: count one of them")
    #expect(
      machine.meter(counting: ["VDD_IN"]).source.reason
        == "no channel \"VDD_IN\"; there are \"ina3221 VDD_IN\", \"ina3221 VDD_CPU_GPU_CV\"")
  }

  @Test func severalRailsAreTheUsersToChoose() throws {
    let machine = try FakeEnergy([
      "\(hwmon)/hwmon1/name": "ina226", "\(hwmon)/hwmon1/power1_input": "1000000",
      "\(hwmon)/hwmon1/update_interval": "10",
      "\(hwmon)/hwmon2/name": "ina226", "\(hwmon)/hwmon2/power1_input": "3000000",
      "\(hwmon)/hwmon2/update_interval": "10",
    ])
    #expect(
      machine.meter().source.reason
        == "which of \"ina226 power1\", \"ina226 power1 (hwmon2)\" are the processor's, and do not "
        + "overlap, only you can know: name them")
    let meter = machine.meter(counting: ["ina226 power1", "ina226 power1 (hwmon2)"])
    #expect(meter.source == .value("hwmon: ina226 power1 + ina226 power1 (hwmon2)"))
    #expect(isNear(try machine.measure(meter, seconds: 1, steps: 4).joules.value, 4, within: 1e-9))
  }

  @Test func graceSocketsHoldTheirCores() throws {
    var files: [String: String] = [:]
    let sensors = [
      ("Grace Power Socket 0", 120), ("CPU Power Socket 0", 80), ("SysIO Power Socket 0", 20),
      ("Grace Power Socket 1", 130), ("Module Power Socket 0", 400),
    ]
    for (index, sensor) in sensors.enumerated() {
      // An old driver: the files are the device's, the name too.
      let folder = "\(hwmon)/hwmon\(index)/device"
      files["\(folder)/name"] = "power_meter"
      files["\(folder)/power1_oem_info"] = sensor.0
      files["\(folder)/power1_average"] = "\(sensor.1)000000"
      files["\(folder)/power1_average_interval"] = "50"
    }
    let machine = try FakeEnergy(files)
    let meter = machine.meter()
    #expect(
      meter.source
        == .value("hwmon: power_meter Grace Power Socket 0 + power_meter Grace Power Socket 1"))
    #expect(meter.minimumSeconds == .value(5))
    let reading = try machine.measure(meter, seconds: 5, steps: 50)
    #expect(isNear(reading.joules.value, 1250, within: 1e-6))
  }

  @Test func graphicsCardsAndBatteriesAreNotTheProcessor() throws {
    let machine = try FakeEnergy([
      "\(hwmon)/hwmon0/name": "amdgpu", "\(hwmon)/hwmon0/power1_average": "9000000",
      "\(hwmon)/hwmon1/name": "BAT0", "\(hwmon)/hwmon1/power1_input": "9000000",
      "\(hwmon)/hwmon2/name": "k10temp", "\(hwmon)/hwmon2/temp1_input": "45000",
    ])
    #expect(
      machine.meter().source.reason?.hasSuffix(
        "hwmon: /sys/class/hwmon: no energy or power sensor of the processor "
          + "(only amdgpu power1, BAT0 power1)") == true)
  }

  @Test func thisMachinesMeterIsConsistent() throws {
    let meter = EnergyMeter.open()
    guard case .value(let source) = meter.source else {
      #expect(meter.report.description.contains("unavailable"))
      #expect(throws: EnergyUnavailable.self) { try meter.begin() }
      return
    }
    let idle = try #require(meter.measureIdle(seconds: 0.1).value)
    #expect(idle.source == source)
    #expect(idle.watts > 0 && idle.watts < 10_000)
  }
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  var value: Int { lock.withLock { count } }

  func increment() { lock.withLock { count += 1 } }
}
