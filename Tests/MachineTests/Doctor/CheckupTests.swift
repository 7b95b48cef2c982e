// CheckupTests.swift: what the doctor says of machines that are not this one.

import Testing

@testable import Machine

@Suite struct CheckupTests {
  /// A good machine: eight CPUs on four cores, one node, performance governor, no turbo.
  private static func good() -> [String: String] {
    var files = FakeRoot.smt(packages: 1, cores: 4, allowed: "0-7")
    for cpu in 0..<8 {
      let folder = "/sys/devices/system/cpu/cpu\(cpu)/cpufreq"
      files["\(folder)/scaling_governor"] = "performance"
      files["\(folder)/scaling_driver"] = "intel_pstate"
    }
    files["/sys/devices/system/cpu/intel_pstate/no_turbo"] = "1"
    files["/sys/devices/system/node/online"] = "0"
    files["/sys/devices/system/node/node0/cpulist"] = "0-7"
    files["/proc/cpuinfo"] = "vendor_id\t: GenuineIntel\nmodel name\t: Xeon\nflags\t\t: fpu avx2"
    files["/proc/sys/kernel/perf_event_paranoid"] = "2"
    files["/proc/sys/kernel/yama/ptrace_scope"] = "1"
    files["/proc/meminfo"] = "MemTotal:       24576000 kB"
    files["/proc/stat"] = "cpu  100 0 50 800 10 0 0 0 0 0"
    files["/proc/loadavg"] = "0.05 0.17 1.07 1/111 6215"
    files["/proc/self/cgroup"] = "0::/"
    files["/sys/fs/cgroup/cgroup.controllers"] = "cpu"
    files["/sys/kernel/mm/transparent_hugepage/enabled"] = "always [madvise] never"
    return files
  }

  private func findings(
    _ changes: [String: String] = [:], without removed: [String] = []
  ) throws -> [String: Finding] {
    let files = Self.good().merging(changes) { $1 }.filter { !removed.contains($0.key) }
    let root = try FakeRoot(files)
    let checkup = Checkup.reading(isa: ["avx2"], root: root.path)
    return Dictionary(uniqueKeysWithValues: checkup.findings.map { ($0.topic, $0) })
  }

  @Test func aGoodMachineIsWell() throws {
    let findings = try findings()
    #expect(findings.values.filter { $0.level != .ok }.map(\.topic) == [])
    #expect(findings["NUMA"]?.text == "1 node, in use")
    #expect(findings["cores"]?.text == "8 CPUs on 4 cores of 1 package")
  }

  @Test func governorPowersave() throws {
    let path = "/sys/devices/system/cpu/cpu3/cpufreq/scaling_governor"
    let finding = try findings([path: "powersave"])["governor"]
    #expect(finding?.level == .warn)
    #expect(finding?.text.hasPrefix("performance, powersave") == true)
    #expect(finding?.remedy == "sudo cpupower frequency-set -g performance")
  }

  @Test func turboOnIsTurnedOffAsItsDriverWants() throws {
    let intel = "/sys/devices/system/cpu/intel_pstate/no_turbo"
    let boost = "/sys/devices/system/cpu/cpufreq/boost"
    #expect(
      try findings([intel: "0"])["turbo"]?.remedy
        == "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo")
    var amd = [boost: "1"]
    for cpu in 0..<8 {
      amd["/sys/devices/system/cpu/cpu\(cpu)/cpufreq/scaling_driver"] = "acpi-cpufreq"
    }
    let finding = try findings(amd, without: [intel])["turbo"]
    #expect(finding?.level == .warn)
    #expect(finding?.remedy == "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost")
  }

  @Test func twoNodes() throws {
    let nodes = [
      "/sys/devices/system/node/online": "0-1",
      "/sys/devices/system/node/node0/cpulist": "0-1,4-5",
      "/sys/devices/system/node/node1/cpulist": "2-3,6-7",
    ]
    let both = try findings(nodes)["NUMA"]
    #expect(both?.level == .warn)
    #expect(both?.remedy == "numactl --cpunodebind=0 --membind=0 ternbench bench")
    // Restricted to one of them, there is nothing to warn of.
    var one = nodes
    one["/proc/self/status"] = "Cpus_allowed_list:\t2-3,6-7"
    #expect(try findings(one)["NUMA"] == .ok("NUMA", "2 nodes, 1 in use"))
  }

  @Test func aContainerWithACpusetAndAQuota() throws {
    let findings = try findings([
      "/proc/self/status": "Cpus_allowed_list:\t0-3",
      "/sys/fs/cgroup/cpu.max": "150000 100000",
    ])
    #expect(findings["allowed CPUs"]?.level == .warn)
    #expect(findings["allowed CPUs"]?.text == "4 of 8 that are online: affinity or a cpuset")
    #expect(findings["processor quota"]?.level == .warn)
    #expect(findings["processor quota"]?.remedy == "ternbench bench --threads 1")
  }

  @Test func paranoidThree() throws {
    let finding = try findings(["/proc/sys/kernel/perf_event_paranoid": "3"])["perf_event_paranoid"]
    #expect(finding?.level == .warn)
    #expect(finding?.remedy == "sudo sysctl kernel.perf_event_paranoid=2")
  }

  @Test func whatIsMissingIsUnavailableNotWell() throws {
    let root = try FakeRoot([:])
    let findings = Checkup.reading(isa: [], root: root.path).findings
    let topics = Set(findings.filter { $0.level == .unavailable }.map(\.topic))
    let expected: Set = [
      "cpu", "caches", "last-level cache", "memory", "allowed CPUs", "cores", "processor quota",
      "NUMA", "huge pages", "governor", "turbo", "hypervisor", "steal time", "load",
      "perf_event_paranoid",
    ]
    #expect(topics == expected)
    #expect(findings.filter { $0.level == .unavailable }.allSatisfy { !$0.text.isEmpty })
  }

  @Test func smallPagesStealAndLoadAreFelt() throws {
    let findings = try findings([
      "/sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]",
      "/proc/stat": "cpu  100 0 50 800 10 0 0 40 0 0",
      "/proc/loadavg": "3.5 0.17 1.07 1/111 6215",
      "/proc/cpuinfo": "flags\t\t: fpu avx2 hypervisor",
    ])
    for topic in ["huge pages", "steal time", "load", "hypervisor"] {
      #expect(findings[topic]?.level == .warn, "\(topic)")
    }
    #expect(findings["steal time"]?.text.hasPrefix("4.0 %") == true)
  }

  @Test func energyOfMultiSocketRAPL() throws {
    var files: [String: String] = [:]
    for package in 0..<2 {
      let zone = "/sys/class/powercap/intel-rapl:\(package)"
      files["\(zone)/name"] = "package-\(package)"
      files["\(zone)/energy_uj"] = "1000"
      files["\(zone)/max_energy_range_uj"] = "262143328850"
    }
    let root = try FakeRoot(files)
    let names = EnergyMeter.open(root: root.path).report.channels.map(\.name)
    #expect(names == ["package-0", "package-1"])
  }
}

@Suite struct NoiseFloorTests {
  @Test func equalTimesAreSilent() {
    let noise = NoiseFloor(times: Array(repeating: 1e-3, count: 200), clockStepSeconds: 2e-8)
    #expect(noise.medianError == 0 && noise.worstOfHundred == 0)
    #expect(Checkup.findings(noise).map(\.level) == [.ok, .ok])
  }

  @Test func theSlowestOfAHundredAndTheMedianErrorAreTold() {
    // A fifth at +10 %, the rest alternating by 4 %: half lie 2 % or more from the median.
    let times = (0..<1000).map { index in
      index % 5 == 0 ? 1.1e-3 : index % 2 == 0 ? 1.02e-3 : 0.98e-3
    }
    let noise = NoiseFloor(times: times, clockStepSeconds: 2e-8)
    #expect(noise.medianSeconds == 1.02e-3)
    #expect(noise.medianError > 0.01)
    #expect(abs(noise.worstOfHundred - (1.1 / 1.02 - 1)) < 1e-9)
    #expect(Checkup.findings(noise)[1].level == .warn)
  }

  @Test func thisMachineIsMeasured() {
    let noise = NoiseFloor.measure(seconds: 0.05)
    #expect(noise.medianSeconds > 1e-5 && noise.medianSeconds < 1)
    #expect(noise.clockStepSeconds > 0 && noise.clockStepSeconds < 1e-3)
  }
}
