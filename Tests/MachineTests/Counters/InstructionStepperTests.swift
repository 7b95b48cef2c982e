// InstructionStepperTests.swift: what single-stepping counts of functions whose length is known.

#if os(Linux)
import Foundation
import Testing

@testable import Machine

@Suite(
  .enabled(
    if: ProcessInfo.processInfo.environment["TERNBENCH_EMULATOR"] == nil,
    "single-stepping is ptrace, which qemu-user lacks")
)
struct InstructionStepperTests {
  /// The turns that the functions find behind their argument are written before the fork.
  private func count(
    _ code: MachineCode, turns: UInt64 = 0, entry: Int? = nil,
    stepper: InstructionStepper = InstructionStepper()
  ) -> Availability<InstructionCount> {
    var turns = turns
    return withUnsafeMutablePointer(to: &turns) {
      stepper.count(code.function, argument: $0, entry: entry.map { code.address(of: $0) })
    }
  }

  @Test func theMarkersCostNothing() throws {
    #expect(count(.empty()).value?.total == 1)
  }

  @Test(arguments: [1, 2, 1000] as [UInt64])
  func loopsAreCountedToTheInstruction(turns: UInt64) {
    let result = count(.loop(), turns: turns)
    #expect(result.value?.total == Int(2 + 2 * turns), "\(result)")
    #expect(result.value?.addresses.isEmpty == true)
  }

  @Test func onlyTheEntryIsCountedEachTime() {
    #expect(count(.caller(), entry: MachineCode.calleeOffset).value?.total == 4)
    #expect(count(.caller()).value?.total ?? 0 > 4)
  }

  @Test func addressesAreCounted() throws {
    let code = MachineCode.loop()
    let result = count(code, turns: 9, stepper: InstructionStepper(recordsAddresses: true))
    let addresses = try #require(result.value?.addresses)
    #expect(addresses.map(\.count) == [1, 9, 9, 1])
    let loop = MachineCode.loopOffsets.map { UInt64(UInt(bitPattern: code.address(of: $0))) }
    #expect(addresses[1...2].map(\.address.address) == loop)
    #expect(addresses.allSatisfy { $0.address.module == nil })
  }

  @Test func moreThanTheLimitIsNoCount() {
    let stepper = InstructionStepper(limit: 100)
    #expect(count(.loop(), turns: 49, stepper: stepper).value?.total == 100)
    #expect(
      count(.loop(), turns: 50, stepper: stepper).reason
        == "more than 100 instructions: take a smaller shape or raise the limit")
  }

  @Test func aSignalCostsTheCountAlone() {
    #expect(
      count(.undefined()).reason == "the single-stepped call raised Illegal instruction")
  }

  #if arch(x86_64)
  @Test func aRepeatedStringInstructionIsOne() {
    let result = count(.repeatedStore(), turns: 50)
    #expect(result.value?.total == 5, "\(result)")
    #expect(result.value?.repetitions == 49)
  }
  #endif
}

@Suite struct PtracePermissionTests {
  @Test(arguments: [("0", 0), ("1", 1), ("2", 2)])
  func childrenMayBeTracedBelowThree(text: String, scope: Int) throws {
    let root = try FakeRoot(["/proc/sys/kernel/yama/ptrace_scope": text])
    #expect(PtracePermission.read(root: root.path) == .value(PtracePermission(scope: scope)))
  }

  @Test func threeForbidsAll() throws {
    let root = try FakeRoot(["/proc/sys/kernel/yama/ptrace_scope": "3"])
    #expect(
      PtracePermission.read(root: root.path).reason
        == "/proc/sys/kernel/yama/ptrace_scope is 3: nobody may trace, which only a restart can change"
    )
  }

  @Test func withoutYamaNothingForbids() throws {
    let root = try FakeRoot([:])
    #expect(PtracePermission.read(root: root.path) == .value(PtracePermission(scope: nil)))
  }
}
#endif
