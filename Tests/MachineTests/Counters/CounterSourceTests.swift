// CounterSourceTests.swift: what the sources count of work whose effect is known.

#if os(Linux)
import Foundation
import Testing

@testable import Machine

@Suite struct CounterSourceTests {
  private func work(calls: Int = 1, _ call: @escaping () -> Void) -> CountedWork {
    CountedWork(threads: 1, calls: calls, onEachThread: { $0(0) }, call: call, parts: [])
  }

  private func values(
    _ readings: [CounterReading]
  ) -> [CounterEvent: Availability<Double>] {
    Dictionary(uniqueKeysWithValues: readings.map { ($0.event, $0.value) })
  }

  /// Touches fresh pages, each of which is a fault.
  private static func touchPages(_ count: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let memory = mmap(nil, count * page, PROT_READ | PROT_WRITE, flags, -1, 0),
      memory != MAP_FAILED
    else { return }
    madvise(memory, count * page, MADV_NOHUGEPAGE)
    for index in 0..<count { memory.storeBytes(of: 1, toByteOffset: index * page, as: UInt8.self) }
    munmap(memory, count * page)
  }

  @Test(
    .enabled(
      if: Self.hasSoftwareCounters, "this system gives no software counters of perf_event_open"))
  func softwareCountsPageFaultsOfACall() throws {
    let counts = values(SoftwareCounters().count(work(calls: 4) { Self.touchPages(100) }))
    let faults = try #require(counts[.pageFaults]?.value)
    #expect(faults >= 100 && faults < 200, "\(faults)")
    let nanoseconds = try #require(counts[.taskClock]?.value)
    #expect(nanoseconds > 1000)
  }

  @Test(
    .enabled(
      if: Self.hasSoftwareCounters, "this system gives no software counters of perf_event_open"))
  func softwareCountsAreSummedOverThreads() throws {
    // Both numbers are of one thread here, so the sum must be twice what each shows.
    let work = CountedWork(
      threads: 2, calls: 1,
      onEachThread: { body in
        body(0)
        body(1)
      }, call: { Self.touchPages(50) }, parts: [])
    let readings = SoftwareCounters().count(work).filter { $0.event == .pageFaults }
    #expect(readings.map(\.thread) == [nil, 0, 1])
    let counts = readings.compactMap(\.value.value)
    try #require(counts.count == 3)
    #expect(counts[0] == counts[1] + counts[2] && counts[1] >= 50 && counts[2] >= 50)
  }

  private static var hasSoftwareCounters: Bool {
    let work = CountedWork(threads: 1, calls: 1, onEachThread: { $0(0) }, call: {}, parts: [])
    return SoftwareCounters().count(work).contains {
      $0.event == .taskClock && $0.value.value != nil
    }
  }

  @Test func whatPAPIDoesNotCountHasAReasonAndIsNotZero() {
    switch PAPICounters.open() {
    case .unavailable(let reason): #expect(reason.contains("PAPI") || reason.contains("libpapi"))
    case .value(let papi):
      let counts = values(papi.count(work { for _ in 0..<1000 { _ = getppid() } }))
      #expect(counts.count == papi.events.count)
      for (event, name) in papi.events {
        #expect((counts[event]?.value == nil) == (name.value == nil), "\(event)")
        #expect(counts[event]?.reason?.isEmpty != true)
      }
      if papi.events.contains(where: { $0.event == .instructions && $0.name.value != nil }) {
        #expect(counts[.instructions]?.value ?? 0 > 1000)
      }
    }
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["TERNBENCH_EMULATOR"] == nil,
      "single-stepping is ptrace, which qemu-user lacks"))
  func stepsAreCountedStageByStage() {
    let code = MachineCode.loop()
    var turns: UInt64 = 10
    let readings = withUnsafeMutablePointer(to: &turns) { turns in
      let argument = UnsafeMutableRawPointer(turns)
      let part = CountedWork.Part(stage: "compute") { count in
        count(
          CountedWork.Call(
            function: code.function, argument: argument, idleArgument: argument,
            entry: code.address(of: 0)))
      }
      return StepCounters(InstructionStepper()).count(
        CountedWork(threads: 1, calls: 1, onEachThread: { $0(0) }, call: {}, parts: [part]))
    }
    #expect(
      readings == [
        CounterReading(event: .instructions, stage: "compute", value: .value(22)),
        CounterReading(event: .loads, stage: "compute", value: .value(MachineCode.loopLoads)),
      ])
  }

  @Test func noCountersHaveTheirReason() {
    #expect(CounterChoice.none.open().reason == "nobody asked for counters: --counters none")
    #expect(CounterChoice.step.open().value?.name == "step")
  }
}
#endif
