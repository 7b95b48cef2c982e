// SettingsTests.swift: clock, hypervisor, kernel, load and quota, as other machines report them.

import Testing

@testable import Machine

@Suite struct FrequencyTests {
  @Test func powersaveWithTurbo() throws {
    let root = try FakeRoot([
      "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave",
      "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave",
      "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver": "intel_pstate",
      "/sys/devices/system/cpu/cpu1/cpufreq/scaling_driver": "intel_pstate",
      "/sys/devices/system/cpu/intel_pstate/no_turbo": "0",
    ])
    let frequency = Frequency.read(of: .value([0, 1]), root: root.path)
    #expect(frequency.governors == .value(["powersave"]))
    #expect(frequency.driver == .value("intel_pstate"))
    #expect(frequency.turbo == .value(true))
  }

  @Test func governorsThatDifferAreAllReported() throws {
    let root = try FakeRoot([
      "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance",
      "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave",
      "/sys/devices/system/cpu/cpufreq/boost": "0",
    ])
    let frequency = Frequency.read(of: .value([0, 1]), root: root.path)
    #expect(frequency.governors == .value(["performance", "powersave"]))
    #expect(frequency.turbo == .value(false))
  }

  @Test func noTurboMeansOff() throws {
    let root = try FakeRoot(["/sys/devices/system/cpu/intel_pstate/no_turbo": "1"])
    #expect(Frequency.read(of: .value([0]), root: root.path).turbo == .value(false))
  }

  @Test func noCpufreqIsNamed() throws {
    let root = try FakeRoot([:])
    let frequency = Frequency.read(of: .value([0]), root: root.path)
    #expect(frequency.governors.reason?.hasPrefix("/sys/devices/system/cpu/cpu0/cpufreq") == true)
    #expect(frequency.turbo.reason?.contains("intel_pstate/no_turbo: No such file") == true)
    #expect(frequency.turbo.reason?.contains("cpufreq/boost: No such file") == true)
  }
}

@Suite struct IdentityTests {
  private let x86 = """
    processor\t: 0
    vendor_id\t: AuthenticAMD
    cpu family\t: 26
    model\t\t: 2
    model name\t: AMD EPYC
    stepping\t: 1
    flags\t\t: fpu avx2 hypervisor avx512f

    processor\t: 1
    vendor_id\t: AuthenticAMD
    """

  private let arm = """
    processor\t: 0
    Features\t: fp asimd asimddp
    CPU implementer\t: 0x41
    CPU architecture: 8
    CPU variant\t: 0x3
    CPU part\t: 0xd05
    CPU revision\t: 1

    processor\t: 1
    CPU implementer\t: 0x41
    CPU part\t: 0xd0a
    """

  @Test func x86IsNamed() throws {
    let root = try FakeRoot(["/proc/cpuinfo": x86])
    let cpu = CPU.read(isa: ["avx2", "avx512"], root: root.path)
    #expect(cpu.vendor == .value("AuthenticAMD"))
    #expect(cpu.modelName == .value("AMD EPYC"))
    #expect(cpu.family == .value("family 26, model 2, stepping 1"))
    #expect(cpu.isa == ["avx2", "avx512"])
  }

  @Test func armIsNamedByImplementerAndParts() throws {
    let root = try FakeRoot(["/proc/cpuinfo": arm])
    let cpu = CPU.read(isa: [], root: root.path)
    #expect(cpu.vendor == .value("Arm (0x41)"))
    #expect(cpu.modelName == .value("part 0xd05 and 0xd0a"))
    #expect(cpu.family == .value("architecture 8, variant 0x3, revision 1"))
  }

  @Test func hypervisorFlagAndFirmware() throws {
    let root = try FakeRoot([
      "/proc/cpuinfo": x86,
      "/sys/class/dmi/id/sys_vendor": "QEMU",
      "/sys/class/dmi/id/product_name": "Standard PC (Q35)",
    ])
    let guest = Virtualization.read(root: root.path)
    #expect(
      guest == Virtualization(isGuest: .value(true), product: .value("QEMU Standard PC (Q35)")))
  }

  @Test func bareMetalHasAProductAndNoFlag() throws {
    let root = try FakeRoot([
      "/proc/cpuinfo": "flags\t\t: fpu avx2", "/sys/class/dmi/id/product_name": "PowerEdge R7625",
    ])
    let metal = Virtualization.read(root: root.path)
    #expect(metal == Virtualization(isGuest: .value(false), product: .value("PowerEdge R7625")))
  }

  @Test func xenTellsItself() throws {
    let root = try FakeRoot(["/sys/hypervisor/type": "xen"])
    let guest = Virtualization.read(root: root.path)
    #expect(guest == Virtualization(isGuest: .value(true), product: .value("xen")))
  }

  @Test func armWithoutDeviceTreeDoesNotGuess() throws {
    let root = try FakeRoot(["/proc/cpuinfo": arm])
    let unknown = Virtualization.read(root: root.path)
    #expect(unknown.isGuest.reason == "/proc/cpuinfo: no flags; only x86 CPUs tell")
    #expect(unknown.product.reason?.contains("sys_vendor: No such file") == true)
  }
}

@Suite struct OperatingSystemTests {
  @Test func settingsAreRead() throws {
    let root = try FakeRoot([
      "/etc/os-release": "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"",
      "/proc/sys/kernel/osrelease": "6.1.0-18-amd64",
      "/proc/sys/kernel/perf_event_paranoid": "3",
      "/proc/meminfo": "MemTotal:       24576000 kB\nMemFree:        100 kB",
      "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
    ])
    let system = OperatingSystem.read(root: root.path)
    #expect(system.distribution == .value("Debian GNU/Linux 12 (bookworm)"))
    #expect(system.kernelRelease == .value("6.1.0-18-amd64"))
    #expect(system.perfEventParanoid == .value(3))
    #expect(system.memoryBytes == .value(24_576_000 * 1024))
    #expect(system.transparentHugePages == .value("madvise"))
  }

  @Test func damagedSettingsAreQuoted() throws {
    let root = try FakeRoot([
      "/proc/sys/kernel/perf_event_paranoid": "often",
      "/sys/kernel/mm/transparent_hugepage/enabled": "always",
    ])
    let system = OperatingSystem.read(root: root.path)
    #expect(
      system.perfEventParanoid.reason
        == "/proc/sys/kernel/perf_event_paranoid: \"often\" is not a number")
    #expect(system.transparentHugePages.reason?.contains("\"always\" is not a mode") == true)
  }

  @Test func aFolderInPlaceOfAFileIsAReason() throws {
    let root = try FakeRoot(["/proc/loadavg/file": ""])
    #expect(LoadAverage.read(root: root.path).reason == "/proc/loadavg: Is a directory")
  }
}

@Suite struct LoadTests {
  @Test func stolenShareIsTheHostsPartOfTheTimeBetween() throws {
    let root = try FakeRoot(["/proc/stat": "cpu  100 0 50 800 10 0 0 40 5 0\ncpu0 1 2 3"])
    let before = try #require(ProcessorTime.read(root: root.path).value)
    #expect(before == ProcessorTime(total: 1000, stolen: 40))
    try root.write("cpu  150 0 50 820 10 0 0 70 5 0", to: "/proc/stat")
    let after = try #require(ProcessorTime.read(root: root.path).value)
    #expect(after.stolenShare(since: before) == 0.3)
    #expect(before.stolenShare(since: before) == nil)
  }

  @Test func loadIsThreeAverages() throws {
    let root = try FakeRoot(["/proc/loadavg": "0.35 0.17 1.07 4/111 6215"])
    #expect(
      LoadAverage.read(root: root.path)
        == .value(LoadAverage(oneMinute: 0.35, fiveMinutes: 0.17, fifteenMinutes: 1.07)))
  }
}

@Suite struct ProcessorQuotaTests {
  @Test func theLeastLimitOfNestedGroupsCounts() throws {
    let root = try FakeRoot([
      "/proc/self/cgroup": "0::/a/b",
      "/sys/fs/cgroup/cgroup.controllers": "cpu",
      "/sys/fs/cgroup/a/cpu.max": "150000 100000",
      "/sys/fs/cgroup/a/b/cpu.max": "max 100000",
    ])
    #expect(ProcessorQuota.read(root: root.path) == .value(ProcessorQuota(cpus: 1.5)))
  }

  @Test func noLimitIsNoLimit() throws {
    let root = try FakeRoot([
      "/proc/self/cgroup": "0::/", "/sys/fs/cgroup/cgroup.controllers": "cpu",
    ])
    #expect(ProcessorQuota.read(root: root.path) == .value(ProcessorQuota(cpus: nil)))
  }

  @Test func version1() throws {
    let root = try FakeRoot([
      "/proc/self/cgroup": "9:name=systemd:/\n1:cpu,cpuacct:/job\n0::/",
      "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "250000",
      "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
    ])
    #expect(ProcessorQuota.read(root: root.path) == .value(ProcessorQuota(cpus: 2.5)))
  }

  @Test func noControllerIsNamed() throws {
    let root = try FakeRoot(["/proc/self/cgroup": "0::/"])
    #expect(ProcessorQuota.read(root: root.path).reason?.contains("no group with the cpu") == true)
  }
}
