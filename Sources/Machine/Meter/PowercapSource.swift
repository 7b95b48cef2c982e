// PowercapSource.swift: RAPL energy counters, as Linux's powercap class shows those of Intel and AMD.

/// The zones of `/sys/class/powercap`.
///
/// Zone `intel-rapl:0` is a package (or the platform, "psys"), `intel-rapl:0:1` a part of it by place in
/// the tree but not always by meaning: "core" and "uncore" are inside the package, "dram" is not. AMD's
/// kernels use the same names. `intel-rapl-mmio` shows the same counters through other registers.
/// Zones of other control types, such as `dtpm`, hold modelled power and are no business of a meter.
struct PowercapSource: EnergySource {
  let name = "rapl"
  let files: MeterFiles

  private static let folder = "/sys/class/powercap"

  func channels() -> Availability<[EnergyChannel]> {
    let names: [String]
    switch files.names(Self.folder) {
    case .success(let found): names = found
    case .failure(let failure): return .unavailable(reason: "\(failure)" + Self.whyAbsent)
    }
    let zones = names.compactMap { PowercapZone($0) }.sorted()
    guard !zones.isEmpty else {
      return .unavailable(reason: "\(Self.folder): no zone intel-rapl:N" + Self.whyAbsent)
    }
    var found: [EnergyChannel] = []
    for zone in zones {
      let channel = channel(zone, taken: Set(found.map(\.name)))
      found.append(channel)
    }
    return .value(found)
  }

  private static let whyAbsent =
    "; load the driver (sudo modprobe intel_rapl_msr); virtual machines have none"

  /// Counters of other users' work leak secrets (CVE-2020-8694), so since Linux 5.10 only root reads them.
  private static let remedy =
    "; to let everyone read it until the next boot: sudo chmod o+r \(folder)/intel-rapl*/energy_uj"

  private func channel(_ zone: PowercapZone, taken: Set<String>) -> EnergyChannel {
    let place = "\(Self.folder)/\(zone.folder)/energy_uj"
    let names: [String]
    switch fullName(zone) {
    case .success(let found): names = found
    case .failure(let failure):
      return EnergyChannel(
        name: zone.folder, place: place, scope: .undetermined, quantity: .counter(range: nil)
      ) { .unavailable(reason: "\(failure); containers often hide RAPL: run outside") }
    }
    let name = names.joined(separator: "/")
    let isDuplicate = taken.contains(name)
    let range = files.count("\(Self.folder)/\(zone.folder)/max_energy_range_uj").flatMap {
      $0 > 0 ? .value($0) : unusableRange(zone)
    }
    return EnergyChannel(
      name: isDuplicate ? "\(name) (\(zone.control))" : name, place: place,
      scope: isDuplicate ? .duplicate : scope(names),
      quantity: .counter(range: range.value)
    ) { [files] in
      // A counter whose range is unknown cannot be followed over its wrap, so it is not read at all.
      range.flatMap { range in
        files.count(place, remedy: Self.remedy).flatMap { energy in
          energy <= range
            ? .value(energy)
            : .unavailable(reason: "\(place): \(energy) is above max_energy_range_uj, \(range)")
        }
      }
    }
  }

  private func unusableRange(_ zone: PowercapZone) -> Availability<UInt64> {
    .unavailable(reason: "\(Self.folder)/\(zone.folder)/max_energy_range_uj: 0 is not a range")
  }

  /// The names of the zones from the outermost to this one: package-0, dram.
  private func fullName(_ zone: PowercapZone) -> Result<[String], FileFailure> {
    var names: [String] = []
    for depth in 1...zone.indices.count {
      switch files.text("\(Self.folder)/\(zone.ancestor(depth).folder)/name") {
      case .success(let name): names.append(name)
      case .failure(let failure): return .failure(failure)
      }
    }
    return .success(names)
  }

  /// "package-1", or "package-1-die-0" where a package has several dies; "psys", or "psys-1".
  private func scope(_ names: [String]) -> EnergyScope {
    let name = names[names.count - 1]
    if names.count == 1 {
      if name.hasPrefix("package") { return .package }
      return name.hasPrefix("psys") ? .platform : .rail
    }
    return name == "dram" ? .memory : .part
  }
}

/// A zone by the name of its folder: control type and place in the tree.
private struct PowercapZone: Comparable {
  let control: String
  let indices: [Int]

  private static let controls = ["intel-rapl", "intel-rapl-mmio"]

  /// Takes "intel-rapl:0:1" apart; nil for a control type itself and for other drivers' zones.
  init?(_ folder: String) {
    let words = folder.split(separator: ":", omittingEmptySubsequences: false)
    let indices = words.dropFirst().compactMap { Int($0) }
    guard Self.controls.contains(String(words[0])), !indices.isEmpty,
      indices.count == words.count - 1
    else { return nil }
    self.init(control: String(words[0]), indices: indices)
  }

  private init(control: String, indices: [Int]) {
    self.control = control
    self.indices = indices
  }

  var folder: String {
    ([control] + indices.map(String.init)).joined(separator: ":")
  }

  /// The zone's ancestor at a depth, counted from 1; at its own depth the zone itself.
  func ancestor(_ depth: Int) -> PowercapZone {
    PowercapZone(control: control, indices: Array(indices.prefix(depth)))
  }

  /// Registers before memory-mapped copies of them, so that the copies are the duplicates.
  static func < (left: PowercapZone, right: PowercapZone) -> Bool {
    if left.control != right.control { return left.control < right.control }
    return left.indices.lexicographicallyPrecedes(right.indices)
  }
}
