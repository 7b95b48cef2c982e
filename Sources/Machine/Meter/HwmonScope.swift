// HwmonScope.swift: what the sensors of known chips cover; of others only their name is known.

/// Says what a hwmon sensor covers, by its chip's name and its label.
enum HwmonScope {
  /// Returns the first row that fits; a sensor that nobody has described is a rail.
  static func of(chip: String, label: String) -> EnergyScope {
    // BAT0, BAT1: a battery's power is also that of its charging.
    if chip.hasPrefix("BAT") { return .foreign }
    return rows.first { chip == $0.chip && label.hasPrefix($0.label) }?.scope ?? .rail
  }

  private static let rows: [(chip: String, label: String, scope: EnergyScope)] = [
    // Graphics cards.
    ("amdgpu", "", .foreign), ("radeon", "", .foreign), ("nouveau", "", .foreign),
    ("i915", "", .foreign), ("xe", "", .foreign),
    // Linux 5.8 to 5.12 on AMD servers: sockets, and their cores.
    ("amd_energy", "Esocket", .package), ("amd_energy", "Ecore", .part),
    // NVIDIA Grace: the socket with its memory, within it the cores' rail and the rest of the chip;
    // the module also holds the GPU. Other ACPI meters are a server's power supply.
    ("power_meter", "Grace Power", .package), ("power_meter", "CPU Power", .part),
    ("power_meter", "SysIO Power", .part), ("power_meter", "", .platform),
    // Jetson: the input of the board, from which all other rails are fed.
    ("ina3221", "VDD_IN", .platform), ("ina3221", "POM_5V_IN", .platform),
  ]
}
