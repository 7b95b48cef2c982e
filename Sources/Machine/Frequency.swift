// Frequency.swift: who sets the clock of the CPUs, and whether it may exceed its nominal rate.

/// The frequency policy of the CPUs that this process may use.
public struct Frequency: Sendable, Equatable, Codable {
  /// The governors of the allowed CPUs, each once: normally one, "performance" or "powersave".
  public let governors: Availability<[String]>
  /// The driver that obeys them, "intel_pstate" or "acpi-cpufreq".
  public let driver: Availability<String>
  /// Whether the clock may rise above its nominal rate, so that the same code runs at several speeds.
  public let turbo: Availability<Bool>
  /// The highest clock of the CPUs: that of the policy, else what an x86 CPU shows now.
  public let gigahertz: Availability<Double>
}

extension Frequency {
  /// Reads the policy of the given CPUs, the allowed ones of `Topology`.
  public static func read(of cpus: Availability<[Int]>, root: String = "/") -> Frequency {
    let files = SystemFiles(root: root)
    return Frequency(
      governors: cpus.flatMap { distinct("scaling_governor", of: $0, files) },
      driver: cpus.flatMap { distinct("scaling_driver", of: $0, files) }.map {
        $0.joined(separator: ", ")
      },
      turbo: turbo(files), gigahertz: cpus.flatMap { gigahertz(of: $0, files) })
  }

  private static func gigahertz(of cpus: [Int], _ files: SystemFiles) -> Availability<Double> {
    let path = "/proc/cpuinfo"
    let policy = distinct("cpuinfo_max_freq", of: cpus, files).value?.compactMap(Double.init).max()
    if let policy { return .value(policy / 1e6) }
    return files.text(path).flatMap { info in
      guard let now = info.fields("cpu MHz").compactMap(Double.init).max() else {
        return .unavailable(reason: "no cpufreq, and \(path) has no cpu MHz")
      }
      return .value(now / 1e3)
    }
  }

  private static func distinct(
    _ name: String, of cpus: [Int], _ files: SystemFiles
  ) -> Availability<[String]> {
    var values: Set<String> = []
    for cpu in cpus {
      switch files.text("/sys/devices/system/cpu/cpu\(cpu)/cpufreq/\(name)") {
      case .value(let value): values.insert(value)
      case .unavailable(let reason): return .unavailable(reason: reason)
      }
    }
    return .value(values.sorted())
  }

  /// Intel's driver says whether turbo is off, the others whether boost is on.
  private static func turbo(_ files: SystemFiles) -> Availability<Bool> {
    let noTurbo = files.integer("/sys/devices/system/cpu/intel_pstate/no_turbo")
    if let off = noTurbo.value { return .value(off == 0) }
    let boost = files.integer("/sys/devices/system/cpu/cpufreq/boost")
    if let on = boost.value { return .value(on != 0) }
    return .unavailable(
      reason: [noTurbo.reason, boost.reason].compactMap(\.self).joined(separator: "; "))
  }
}
