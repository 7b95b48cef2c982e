// Checkup+Settings.swift: what a user or an administrator has set.

extension Checkup {
  static func settings(_ machine: Machine) -> [Finding] {
    [
      .ok("page size", "\(machine.operatingSystem.pageBytes >> 10) KiB"), hugePages(machine),
      governor(machine.frequency), turbo(machine.frequency), hypervisor(machine.virtualization),
      steal(machine.processorTime), load(machine),
    ]
  }

  private static func hugePages(_ machine: Machine) -> Finding {
    let topic = "huge pages"
    return .of(topic, machine.operatingSystem.transparentHugePages) { mode in
      mode == "never"
        ? .warn(
          topic, "never: weights lie on small pages",
          remedy: "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
        : .ok(topic, mode)
    }
  }

  private static func governor(_ frequency: Frequency) -> Finding {
    let topic = "governor"
    return .of(topic, frequency.governors) { governors in
      governors == ["performance"]
        ? .ok(topic, "performance")
        : .warn(
          topic, "\(governors.joined(separator: ", ")): the clock follows the load",
          remedy: "sudo cpupower frequency-set -g performance")
    }
  }

  private static func turbo(_ frequency: Frequency) -> Finding {
    let topic = "turbo"
    let remedy =
      frequency.driver.value?.hasPrefix("intel_") == true
      ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
      : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"
    return .of(topic, frequency.turbo) { isOn in
      isOn
        ? .warn(topic, "on: the clock depends on temperature and on what else runs", remedy: remedy)
        : .ok(topic, "off")
    }
  }

  private static func hypervisor(_ virtualization: Virtualization) -> Finding {
    let topic = "hypervisor"
    return .of(topic, virtualization.isGuest) { isGuest in
      isGuest
        ? .warn(
          topic,
          "a guest of \(virtualization.product.value ?? "an unknown host"): "
            + "its other guests take time and memory bandwidth")
        : .ok(topic, "none")
    }
  }

  /// Above this the host's other guests are felt.
  private static let noticeableShare = 0.01

  static func stolen(_ share: Double, over span: String) -> Finding {
    let text = "\((share * 1000).rounded() / 10) % of the time \(span)"
    return share > noticeableShare
      ? .warn("steal time", "\(text) was given to other guests") : .ok("steal time", text)
  }

  private static func steal(_ time: Availability<ProcessorTime>) -> Finding {
    .of("steal time", time) { time in
      guard let share = time.stolenShare(since: ProcessorTime(total: 0, stolen: 0)) else {
        return .unavailable("steal time", "/proc/stat counts no time")
      }
      return stolen(share, over: "since the system started")
    }
  }

  private static func load(_ machine: Machine) -> Finding {
    let topic = "load"
    return .of(topic, machine.loadAverage) { load in
      let text = "\(load.oneMinute) over the last minute"
      return load.oneMinute < 0.5
        ? .ok(topic, text) : .warn(topic, "\(text): something else runs", remedy: "top")
    }
  }
}
