// Topology.swift: which logical CPUs there are, which we may use, and which share a core.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The logical CPUs of the machine and the cores and packages that they belong to.
public struct Topology: Sendable, Equatable, Codable {
  /// Every logical CPU that is online.
  public let online: Availability<[Int]>
  /// The logical CPUs that this process may run on, after affinity and cpuset.
  public let allowed: Availability<[Int]>
  /// How many physical cores the allowed CPUs make up.
  public let physicalCores: Availability<Int>
  /// How many packages (sockets) the allowed CPUs lie on.
  public let packages: Availability<Int>
  /// The allowed CPUs in the order to fill them: every core once before any core twice.
  public let placement: Availability<[Int]>

  /// The number of threads that can run at once: the allowed CPUs, or what the C library counts.
  public var usableThreads: Int {
    allowed.value?.count ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }
}

extension Topology {
  /// Reads the topology of the CPUs that this process may use.
  public static func read(root: String = "/") -> Topology {
    let files = SystemFiles(root: root)
    let online = files.cpuList("/sys/devices/system/cpu/online")
    let allowed = allowedCPUs(files, online: online)
    let siblings = allowed.flatMap { all($0) { siblingsOf($0, files) } }
    let packages = allowed.flatMap { cpus in
      all(cpus) {
        files.integer("/sys/devices/system/cpu/cpu\($0)/topology/physical_package_id")
      }
    }
    return Topology(
      online: online,
      allowed: allowed,
      physicalCores: siblings.map { Set($0).count },
      packages: packages.map { Set($0).count },
      placement: allowed.flatMap { cpus in siblings.map { filled(cpus, siblings: $0) } })
  }

  /// What sched_getaffinity(2) would say, from a file that a test can replace.
  ///
  /// The kernel has already cut the mask to the process's cpuset; CPUs offline are cut here.
  private static func allowedCPUs(
    _ files: SystemFiles, online: Availability<[Int]>
  ) -> Availability<[Int]> {
    let path = "/proc/self/status"
    return files.text(path).flatMap { status in
      guard let list = status.field("Cpus_allowed_list") else {
        return .unavailable(reason: "\(path): no Cpus_allowed_list")
      }
      guard let cpus = parseCPUList(list), !cpus.isEmpty else {
        return files.unexpected(list, at: path, expected: "a CPU list")
      }
      guard let online = online.value else { return .value(cpus) }
      return .value(cpus.filter(Set(online).contains))
    }
  }

  /// The CPUs of one core; kernels before 5.3 have the file under its older name only.
  private static func siblingsOf(_ cpu: Int, _ files: SystemFiles) -> Availability<[Int]> {
    let topology = "/sys/devices/system/cpu/cpu\(cpu)/topology"
    let siblings = files.cpuList("\(topology)/core_cpus_list")
    return siblings.value == nil ? files.cpuList("\(topology)/thread_siblings_list") : siblings
  }

  /// A fact of every CPU, or the first reason.
  private static func all<Fact>(
    _ cpus: [Int], _ fact: (Int) -> Availability<Fact>
  ) -> Availability<[Fact]> {
    var facts: [Fact] = []
    for cpu in cpus {
      switch fact(cpu) {
      case .value(let value): facts.append(value)
      case .unavailable(let reason): return .unavailable(reason: reason)
      }
    }
    return .value(facts)
  }

  private static func filled(_ cpus: [Int], siblings: [[Int]]) -> [Int] {
    let allowed = Set(cpus)
    let turns = zip(cpus, siblings).map { cpu, core in
      (turn: core.filter { $0 < cpu && allowed.contains($0) }.count, cpu: cpu)
    }
    return turns.sorted { ($0.turn, $0.cpu) < ($1.turn, $1.cpu) }.map(\.cpu)
  }
}
