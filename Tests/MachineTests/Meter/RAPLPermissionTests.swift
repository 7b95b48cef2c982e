// RAPLPermissionTests.swift: counters that only root may read, as they are by default.

import Foundation
import Testing

@testable import Machine

@Suite struct RAPLPermissionTests {
  private let denial =
    "/sys/class/powercap/intel-rapl:0/energy_uj: Permission denied; to let everyone read it until the "
    + "next boot: sudo chmod o+r /sys/class/powercap/intel-rapl*/energy_uj"

  @Test func denialNamesTheCommand() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    // A sensor that could be read instead is not, because nobody asked for it.
    machine.write("ina226", to: "/sys/class/hwmon/hwmon0/name")
    machine.write("5000000", to: "/sys/class/hwmon/hwmon0/power1_input")
    let meter = machine.meter(files: denying(machine))
    #expect(meter.source == .unavailable(reason: denial))
    #expect(meter.report.channels.map(\.updateSeconds) == [.unavailable(reason: denial)])
  }

  @Test func permissionMayBeLostWhileMeasuring() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    let isDenied = Flag()
    let meter = machine.meter(files: denying(machine) { isDenied.value })
    let window = try meter.begin()
    machine.advance(1)
    isDenied.set()
    #expect(window.end().joules == .unavailable(reason: denial))
  }

  @Test(.enabled(if: geteuid() != 0, "root reads files whatever their mode"))
  func theFilesOwnModeDenies() throws {
    let machine = try FakeEnergy()
    machine.zone("intel-rapl:0", "package-0", watts: 20)
    let file = machine.path + "/sys/class/powercap/intel-rapl:0/energy_uj"
    try #require(chmod(file, 0) == 0)
    #expect(machine.meter().source == .unavailable(reason: denial))
  }

  private func denying(
    _ machine: FakeEnergy, when isDenied: @escaping @Sendable () -> Bool = { true }
  ) -> MeterFiles {
    var files = MeterFiles(root: machine.path)
    let text = files.text
    files.text = { path in
      path.hasSuffix("energy_uj") && isDenied()
        ? .failure(FileFailure(path: path, code: EACCES)) : text(path)
    }
    return files
  }
}

private final class Flag: @unchecked Sendable {
  private let lock = NSLock()
  private var isSet = false

  var value: Bool { lock.withLock { isSet } }

  func set() { lock.withLock { isSet = true } }
}
