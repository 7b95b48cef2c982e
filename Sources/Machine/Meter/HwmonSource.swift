// HwmonSource.swift: energy counters and power sensors of boards, as Linux's hwmon class shows them.

/// The sensors of `/sys/class/hwmon`: INA chips, SoC counters, ACPI power meters.
///
/// A chip's energy counter is preferred to its power sensor for the same thing. The INA3221 of Jetson
/// boards has neither; its voltage and current of one channel, read together, are power.
struct HwmonSource: EnergySource {
  let name = "hwmon"
  let files: MeterFiles

  private static let folder = "/sys/class/hwmon"

  func channels() -> Availability<[EnergyChannel]> {
    let folders: [String]
    switch files.names(Self.folder) {
    case .success(let found): folders = found
    case .failure(let failure): return .unavailable(reason: failure.description)
    }
    var found: [EnergyChannel] = []
    for chip in folders.flatMap(chips) {
      for sensor in sensors(of: chip) {
        let name = "\(chip.name) \(sensor.label)"
        let isTaken = found.contains { $0.name == name }
        found.append(
          EnergyChannel(
            name: isTaken ? "\(name) (\(chip.hwmon))" : name, place: sensor.place,
            scope: HwmonScope.of(chip: chip.name, label: sensor.label), quantity: sensor.quantity,
            read: sensor.read))
      }
    }
    guard found.contains(where: { $0.scope != .foreign }) else {
      let others = found.isEmpty ? "" : " (only \(found.map(\.name).joined(separator: ", ")))"
      return .unavailable(
        reason: "\(Self.folder): no energy or power sensor of the processor\(others)")
    }
    return .value(found)
  }

  /// Old drivers put their files, the name too, into the folder of the device behind the hwmon.
  private func chips(_ hwmon: String) -> [HwmonChip] {
    let own = "\(Self.folder)/\(hwmon)"
    let name = value(files.text("\(own)/name")) ?? value(files.text("\(own)/device/name")) ?? hwmon
    return [own, "\(own)/device"].compactMap { folder in
      value(files.names(folder)).map {
        HwmonChip(hwmon: hwmon, name: name, folder: folder, files: Set($0))
      }
    }
  }

  private func sensors(of chip: HwmonChip) -> [HwmonSensor] {
    let energies = chip.indices(of: "energy", "_input").map { index in
      counter(chip, index)
    }
    let covered = Set(energies.map(\.key))
    let powers = chip.powerIndices.compactMap { power(chip, $0) }.filter {
      !covered.contains($0.key)
    }
    return energies + powers
  }

  private func counter(_ chip: HwmonChip, _ index: Int) -> HwmonSensor {
    let place = "\(chip.folder)/energy\(index)_input"
    let label = value(files.text("\(chip.folder)/energy\(index)_label"))
    return HwmonSensor(
      label: label ?? "energy\(index)", key: label ?? "\(index)", place: place,
      quantity: .counter(range: nil)
    ) { [files] in files.count(place) }
  }

  /// An average over the driver's own interval misses nothing between two readings, so it goes first.
  private func power(_ chip: HwmonChip, _ index: Int) -> HwmonSensor? {
    let name = ["power\(index)_average", "power\(index)_input"].first(where: chip.files.contains)
    guard let name else { return product(chip, index) }
    let place = "\(chip.folder)/\(name)"
    let label =
      value(files.text("\(chip.folder)/power\(index)_label"))
      ?? value(files.text("\(chip.folder)/power\(index)_oem_info"))
    let interval =
      name.hasSuffix("average")
      ? milliseconds("\(chip.folder)/power\(index)_average_interval")
      : milliseconds("\(chip.folder)/update_interval")
    return HwmonSensor(
      label: label ?? "power\(index)", key: label ?? "\(index)", place: place,
      quantity: .power(updateSeconds: interval)
    ) { [files] in files.count(place) }
  }

  /// Channels 1 to 3 of an INA3221 are bus voltages in millivolts; the others are shunts and sums.
  private func product(_ chip: HwmonChip, _ index: Int) -> HwmonSensor? {
    let voltage = "in\(index)_input"
    let current = "curr\(index)_input"
    guard chip.name == "ina3221", index <= 3, chip.files.contains(voltage),
      chip.files.contains(current)
    else { return nil }
    let label = value(files.text("\(chip.folder)/in\(index)_label")) ?? "channel \(index)"
    return HwmonSensor(
      label: label, key: label, place: "\(chip.folder)/\(voltage) x \(current)",
      quantity: .power(updateSeconds: milliseconds("\(chip.folder)/update_interval"))
    ) { [files] in
      files.count("\(chip.folder)/\(voltage)").flatMap { millivolts in
        files.count("\(chip.folder)/\(current)").flatMap { milliamperes in
          let (microwatts, overflow) = millivolts.multipliedReportingOverflow(by: milliamperes)
          return overflow
            ? .unavailable(reason: "\(chip.folder)/\(voltage): \(millivolts) mV is not a voltage")
            : .value(microwatts)
        }
      }
    }
  }

  private func milliseconds(_ path: String) -> Double? {
    files.count(path).value.flatMap { $0 > 0 ? Double($0) * 1e-3 : nil }
  }

  private func value<Value>(_ result: Result<Value, FileFailure>) -> Value? {
    try? result.get()
  }
}

/// One folder of sensor files.
private struct HwmonChip {
  let hwmon: String
  let name: String
  let folder: String
  let files: Set<String>

  /// The numbers N for which there is a file prefixNsuffix, ascending.
  func indices(of prefix: String, _ suffix: String) -> [Int] {
    files.compactMap { file in
      guard file.hasPrefix(prefix), file.hasSuffix(suffix) else { return nil }
      return Int(file.dropFirst(prefix.count).dropLast(suffix.count))
    }.sorted()
  }

  /// The numbers of what may be power: power itself, or a current.
  var powerIndices: [Int] {
    let powers = indices(of: "power", "_input") + indices(of: "power", "_average")
    return Set(powers + indices(of: "curr", "_input")).sorted()
  }
}

private struct HwmonSensor {
  let label: String
  /// Equal for a counter and a sensor of the same thing.
  let key: String
  let place: String
  let quantity: EnergyQuantity
  let read: @Sendable () -> Availability<UInt64>
}
