// MachineTests.swift: the machine that the tests run on, and how a description is written down.

import Foundation
import Testing

@testable import Machine

@Suite struct MachineTests {
  @Test func descriptionSurvivesJSON() throws {
    let root = try FakeRoot(FakeRoot.smt(packages: 1, cores: 2, allowed: "0-3"))
    for machine in [Machine.read(isa: ["avx2"], root: root.path), Machine.read(isa: [])] {
      let data = try JSONEncoder().encode(machine)
      #expect(try JSONDecoder().decode(Machine.self, from: data) == machine)
    }
  }

  @Test func availabilityIsEncodedWithItsReason() throws {
    let encoder = JSONEncoder()
    let value = String(decoding: try encoder.encode(Availability.value(3)), as: UTF8.self)
    let missing = Availability<Int>.unavailable(reason: "no PMU")
    #expect(value == #"{"value":3}"#)
    #expect(
      String(decoding: try encoder.encode(missing), as: UTF8.self) == #"{"unavailable":"no PMU"}"#)
    #expect(missing.description == "unavailable: no PMU")
  }

  #if os(Linux)
  @Test func allowedCPUsAreTheSchedulers() async throws {
    // On a thread of its own: tests share theirs, and one of them pins.
    let affinity = await onNewThread { Affinity.ofCurrentThread() }
    #expect(Topology.read().allowed == affinity)
    #expect(Topology.read().usableThreads == affinity.value?.count)
  }

  @Test func aThreadIsPinnedToEachCPU() async throws {
    let cpus = try #require(Topology.read().allowed.value)
    for cpu in cpus {
      #expect(await onNewThread { Affinity.pinCurrentThread(to: [cpu]) } == .value([cpu]))
    }
    let absent = await onNewThread { Affinity.pinCurrentThread(to: [8191]) }
    #expect(absent == .unavailable(reason: "sched_setaffinity to CPUs [8191]: Invalid argument"))
    let impossible = await onNewThread { Affinity.pinCurrentThread(to: [9999]) }
    #expect(impossible == .unavailable(reason: "CPU 9999 is outside 0..<8192"))
  }

  private func onNewThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value
  {
    await withCheckedContinuation { continuation in
      Thread { continuation.resume(returning: body()) }.start()
    }
  }
  #endif
}
