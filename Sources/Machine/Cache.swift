// Cache.swift: the caches of the CPUs that we may use.

/// One kind of cache, and how many of it the allowed CPUs reach.
public struct Cache: Sendable, Equatable, Codable {
  /// What a cache holds.
  public enum Content: String, Sendable, Codable {
    case data = "Data"
    case instruction = "Instruction"
    case unified = "Unified"
  }

  public let level: Int
  public let content: Content
  /// The size of one such cache, as the machine reports it, however implausible.
  public let bytes: Int
  /// How many logical CPUs share one such cache, whether or not we may use them.
  public let sharers: Int
  /// How many such caches serve the allowed CPUs.
  public let instances: Int
}

/// The caches of the CPUs that this process may use.
public struct Caches: Sendable, Equatable, Codable {
  /// Every kind of cache, nearest first.
  public let kinds: Availability<[Cache]>

  /// The bytes that the last level holds for the allowed CPUs together.
  ///
  /// On a machine with several last-level caches they add up: a buffer must exceed the sum to be cold
  /// for every thread. Virtual machines report the host's cache here, sometimes hundreds of MiB.
  public var lastLevelBytes: Availability<Int> {
    kinds.flatMap { kinds in
      let holding = kinds.filter { $0.content != .instruction }
      guard let level = holding.map(\.level).max() else {
        return .unavailable(reason: "no data or unified cache is described")
      }
      let last = holding.filter { $0.level == level }
      return .value(last.map { $0.bytes * $0.instances }.reduce(0, +))
    }
  }
}

extension Caches {
  /// Reads the caches of the given CPUs, the allowed ones of `Topology`.
  public static func read(of cpus: Availability<[Int]>, root: String = "/") -> Caches {
    let files = SystemFiles(root: root)
    return Caches(
      kinds: cpus.flatMap { cpus in
        var found: Set<Instance> = []
        for cpu in cpus {
          switch instances(of: cpu, files) {
          case .value(let instances): found.formUnion(instances)
          case .unavailable(let reason): return .unavailable(reason: reason)
          }
        }
        return .value(kinds(found))
      })
  }

  /// One cache of the machine: equal on every CPU that shares it.
  private struct Instance: Hashable {
    let level: Int
    let content: Cache.Content
    let bytes: Int
    let cpus: [Int]
  }

  private static func instances(of cpu: Int, _ files: SystemFiles) -> Availability<[Instance]> {
    var instances: [Instance] = []
    while true {
      let folder = "/sys/devices/system/cpu/cpu\(cpu)/cache/index\(instances.count)"
      switch files.integer("\(folder)/level").flatMap({ instance(level: $0, folder, files) }) {
      case .value(let instance):
        instances.append(instance)
      case .unavailable(let reason):
        // Indices are consecutive, so the first absent one ends the list.
        let absent = files.text("\(folder)/level").value == nil
        return absent && !instances.isEmpty ? .value(instances) : .unavailable(reason: reason)
      }
    }
  }

  private static func instance(
    level: Int, _ folder: String, _ files: SystemFiles
  ) -> Availability<Instance> {
    let content = files.text("\(folder)/type").flatMap { text -> Availability<Cache.Content> in
      Cache.Content(rawValue: text).map { .value($0) }
        ?? files.unexpected(text, at: "\(folder)/type", expected: "a cache type")
    }
    return content.flatMap { content in
      files.text("\(folder)/size").flatMap { text -> Availability<Instance> in
        guard let bytes = parseSize(text) else {
          return files.unexpected(text, at: "\(folder)/size", expected: "a cache size")
        }
        return files.cpuList("\(folder)/shared_cpu_list").map {
          Instance(level: level, content: content, bytes: bytes, cpus: $0)
        }
      }
    }
  }

  private static func kinds(_ instances: Set<Instance>) -> [Cache] {
    struct Kind: Hashable {
      let level: Int
      let content: Cache.Content
      let bytes: Int
      let sharers: Int
    }
    let groups = Dictionary(grouping: instances) {
      Kind(level: $0.level, content: $0.content, bytes: $0.bytes, sharers: $0.cpus.count)
    }
    return groups.map { kind, members in
      Cache(
        level: kind.level, content: kind.content, bytes: kind.bytes, sharers: kind.sharers,
        instances: members.count)
    }
    .sorted {
      ($0.level, $0.content.rawValue, $0.bytes, $0.sharers)
        < ($1.level, $1.content.rawValue, $1.bytes, $1.sharers)
    }
  }

  /// Parses the kernel's "48K", "32768K", "2M"; nil where it is something else.
  private static func parseSize(_ text: String) -> Int? {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    guard let last = text.last else { return nil }
    guard let unit = units[last] else { return Int(text) }
    return Int(text.dropLast()).map { $0 * unit }
  }
}
