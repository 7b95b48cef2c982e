// Nodes.swift: the NUMA nodes of the machine, and those that our CPUs lie on.

/// Memory nodes, as sysfs lists them.
public struct Nodes: Sendable, Equatable, Codable {
  /// Every node that is online.
  public let online: [Int]
  /// The nodes of the CPUs that this process may use.
  public let used: [Int]
}

extension Nodes {
  /// Reads `/sys/devices/system/node`; no library is needed.
  public static func read(
    of cpus: Availability<[Int]>, root: String = "/"
  ) -> Availability<Nodes> {
    let files = SystemFiles(root: root)
    let folder = "/sys/devices/system/node"
    return cpus.flatMap { cpus in
      files.cpuList("\(folder)/online").flatMap { online in
        var used: [Int] = []
        for node in online {
          switch files.cpuList("\(folder)/node\(node)/cpulist") {
          case .unavailable(let reason): return .unavailable(reason: reason)
          case .value(let own) where own.contains(where: Set(cpus).contains): used.append(node)
          case .value: continue
          }
        }
        return .value(Nodes(online: online, used: used))
      }
    }
  }
}
