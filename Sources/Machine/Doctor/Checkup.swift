// Checkup.swift: everything that the doctor looks at.

/// What a machine is like to measure on.
public struct Checkup: Sendable, Equatable, Codable {
  public let findings: [Finding]

  /// Whether anything will be felt in the numbers.
  public var hasWarnings: Bool { findings.contains { $0.level == .warn } }
}

extension Checkup {
  /// Reads what the system says of itself; nothing is measured, and it takes no time.
  ///
  /// - Parameters:
  ///   - isa: The names of the usable instruction sets; this module does not probe the processor.
  ///   - root: Where the system's file tree begins; tests give a folder of their own.
  /// - Returns: The findings, in the order in which they are shown.
  public static func reading(isa: [String], root: String = "/") -> Checkup {
    let machine = Machine.read(isa: isa, root: root)
    return Checkup(
      findings: processor(machine) + topology(machine, root: root) + settings(machine)
        + permissions(machine, root: root))
  }

  /// Reads, and then tries and measures on the machine itself, which takes a few seconds.
  public static func complete(isa: [String]) -> Checkup {
    Checkup(
      findings: reading(isa: isa).findings + counters() + [energy(EnergyMeter.open().report)]
        + measurements())
  }
}

extension Checkup {
  private static func processor(_ machine: Machine) -> [Finding] {
    let cpu = machine.cpu
    let sets = cpu.isa.isEmpty ? "none beyond the baseline" : cpu.isa.joined(separator: " ")
    return [
      .of("cpu", cpu.modelName) { .ok("cpu", "\($0)") },
      .ok("instruction sets", sets),
      .of("caches", machine.caches.kinds) { .ok("caches", described($0)) },
      lastLevelCache(machine),
      .of("memory", machine.operatingSystem.memoryBytes) {
        .ok("memory", quantity(Double($0), "B"))
      },
    ]
  }

  private static func described(_ caches: [Cache]) -> String {
    caches.map { cache in
      let kind = cache.content == .unified ? "" : " \(cache.content.rawValue.lowercased())"
      return "L\(cache.level)\(kind) \(cache.instances) x \(cache.bytes >> 10) KiB"
    }.joined(separator: ", ")
  }

  /// Above this a cold pool of 1 GiB is no longer twice the cache.
  private static let plausibleLastLevel = 512 << 20

  private static func lastLevelCache(_ machine: Machine) -> Finding {
    let topic = "last-level cache"
    return .of(topic, machine.caches.lastLevelBytes) { bytes in
      let text = "\(bytes >> 20) MiB for the CPUs that may be used"
      return bytes <= plausibleLastLevel
        ? .ok(topic, text)
        : .warn(topic, "\(text): a host's cache; cold pools are capped at 1 GiB")
    }
  }

  private static func topology(_ machine: Machine, root: String) -> [Finding] {
    [
      allowed(machine.topology), cores(machine.topology), quota(machine),
      nodes(MemoryNodes.read(root: root), machine.topology),
    ]
  }

  private static func allowed(_ topology: Topology) -> Finding {
    let topic = "allowed CPUs"
    return .of(topic, topology.allowed) { allowed in
      guard let online = topology.online.value, allowed.count < online.count else {
        return .ok(topic, "\(allowed.count), all that are online")
      }
      return .warn(
        topic, "\(allowed.count) of \(online.count) that are online: affinity or a cpuset",
        remedy: "taskset -pc \(online.first ?? 0)-\(online.last ?? 0) $$, "
          + "or start the container without --cpuset-cpus")
    }
  }

  private static func cores(_ topology: Topology) -> Finding {
    let both = topology.physicalCores.flatMap { cores in topology.packages.map { (cores, $0) } }
    return .of("cores", both) { cores, packages in
      let threads = topology.usableThreads
      return .ok(
        "cores", "\(threads) CPUs on \(counted(cores, "core")) of \(counted(packages, "package"))")
    }
  }

  private static func quota(_ machine: Machine) -> Finding {
    let topic = "processor quota"
    return .of(topic, machine.processorQuota) { quota in
      guard let cpus = quota.cpus else { return .ok(topic, "none") }
      let text = "\(cpus) CPUs' worth of time"
      return cpus >= Double(machine.topology.usableThreads)
        ? .ok(topic, text)
        : .warn(
          topic, "\(text) for \(machine.topology.usableThreads) CPUs: more threads are throttled",
          remedy: "ternbench bench --threads \(max(1, Int(cpus)))")
    }
  }

  private static func nodes(_ nodes: Availability<MemoryNodes>, _ topology: Topology) -> Finding {
    .of("NUMA", nodes) { nodes in
      let used = nodes.nodes(of: .interleave, processors: topology.allowed.value ?? [])
      return used.count <= 1
        ? .ok("NUMA", nodes.count == 1 ? "1 node, in use" : "\(nodes.count) nodes, 1 in use")
        : .warn(
          "NUMA", "the allowed CPUs lie on nodes \(used): half of all reads may be remote",
          remedy: "numactl --cpunodebind=\(used[0]) --membind=\(used[0]) ternbench bench")
    }
  }
}

/// "1 core", "4 cores".
private func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
