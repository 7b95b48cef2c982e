// TopologyTests.swift: CPUs, cores, packages and caches of machines that we do not have.

import Testing

@testable import Machine

@Suite struct TopologyTests {
  @Test func twoPackagesWithSMT() throws {
    let root = try FakeRoot(FakeRoot.smt(packages: 2, cores: 4, allowed: "0-7"))
    let topology = Topology.read(root: root.path)
    #expect(topology.online == .value([0, 1, 2, 3, 4, 5, 6, 7]))
    #expect(topology.allowed == .value([0, 1, 2, 3, 4, 5, 6, 7]))
    #expect(topology.physicalCores == .value(4))
    #expect(topology.packages == .value(2))
    #expect(topology.usableThreads == 8)
  }

  @Test func cpusetLeavesTwoThreadsOfOneCoreAndOneOfAnother() throws {
    let root = try FakeRoot(FakeRoot.smt(packages: 2, cores: 4, allowed: "1,5-6"))
    let topology = Topology.read(root: root.path)
    #expect(topology.allowed == .value([1, 5, 6]))
    #expect(topology.physicalCores == .value(2))
    #expect(topology.usableThreads == 3)
    // CPU 6 is its core's first allowed thread, CPU 5 the second of CPU 1's core.
    #expect(topology.placement == .value([1, 6, 5]))
  }

  @Test func offlineCPUsAreNotAllowed() throws {
    var files = FakeRoot.smt(packages: 1, cores: 2, allowed: "0-3")
    files["/sys/devices/system/cpu/online"] = "0-1,3"
    let root = try FakeRoot(files)
    #expect(Topology.read(root: root.path).allowed == .value([0, 1, 3]))
  }

  @Test func olderKernelsNameSiblingsOtherwise() throws {
    var files = FakeRoot.smt(packages: 1, cores: 2, allowed: "0-3")
    for cpu in 0..<4 {
      let topology = "/sys/devices/system/cpu/cpu\(cpu)/topology"
      files["\(topology)/thread_siblings_list"] = files.removeValue(
        forKey: "\(topology)/core_cpus_list")
    }
    let root = try FakeRoot(files)
    #expect(Topology.read(root: root.path).physicalCores == .value(2))
  }

  @Test func missingTopologyIsNamed() throws {
    let root = try FakeRoot(["/proc/self/status": "Cpus_allowed_list:\t0-1"])
    let topology = Topology.read(root: root.path)
    #expect(topology.usableThreads == 2)
    #expect(topology.physicalCores.reason?.contains("cpu0/topology") == true)
    #expect(topology.packages.reason?.contains("physical_package_id: No such file") == true)
    #expect(topology.online.reason == "/sys/devices/system/cpu/online: No such file or directory")
  }

  @Test func nothingAtAllStillHasAThread() throws {
    let root = try FakeRoot([:])
    let topology = Topology.read(root: root.path)
    #expect(topology.allowed.reason == "/proc/self/status: No such file or directory")
    #expect(topology.usableThreads >= 1)
  }

  @Test func cachesAreCountedPerSharer() throws {
    let root = try FakeRoot(FakeRoot.smt(packages: 2, cores: 4, allowed: "0-2"))
    let caches = Caches.read(of: .value([0, 1, 2]), root: root.path)
    #expect(
      caches.kinds
        == .value([
          Cache(level: 1, content: .data, bytes: 48 << 10, sharers: 2, instances: 3),
          Cache(level: 1, content: .instruction, bytes: 32 << 10, sharers: 2, instances: 3),
          Cache(level: 2, content: .unified, bytes: 2 << 20, sharers: 2, instances: 3),
          Cache(level: 3, content: .unified, bytes: 480 << 20, sharers: 4, instances: 2),
        ]))
    // Reported as it is, however absurd, and both packages' caches count.
    #expect(caches.lastLevelBytes == .value(960 << 20))
  }

  @Test func missingCachesAreNamed() throws {
    let root = try FakeRoot([:])
    let caches = Caches.read(of: .value([0]), root: root.path)
    let reason = "/sys/devices/system/cpu/cpu0/cache/index0/level: No such file or directory"
    #expect(caches.kinds == .unavailable(reason: reason))
    #expect(caches.lastLevelBytes == .unavailable(reason: reason))
  }

  @Test func aCacheWithoutItsSizeIsNotDropped() throws {
    var files = FakeRoot.smt(packages: 1, cores: 2, allowed: "0-3")
    files["/sys/devices/system/cpu/cpu0/cache/index3/size"] = nil
    let root = try FakeRoot(files)
    let reason = Caches.read(of: .value([0]), root: root.path).kinds.reason
    #expect(reason == "/sys/devices/system/cpu/cpu0/cache/index3/size: No such file or directory")
  }

  @Test(arguments: [
    ("0", [0]), ("0-3", [0, 1, 2, 3]), ("0-1,8,10-11", [0, 1, 8, 10, 11]), ("3,1", [1, 3]),
    ("", []),
  ])
  func listsParse(text: String, cpus: [Int]) {
    #expect(parseCPUList(text) == cpus)
  }

  @Test(arguments: ["a", "1-", "-1", "3-1", "1-2-3", "0-99999999", "1 2"])
  func damagedListsDoNot(text: String) {
    #expect(parseCPUList(text) == nil)
  }
}
