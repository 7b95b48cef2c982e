// PluginCountersTests.swift: what is read of a plug-in's file, which these tests play the plug-in of.

#if os(Linux)
import Foundation
import TestSupport
import Testing

@testable import Machine

@Suite struct PluginCountersTests {
  private static let emulator = Emulator(name: "qemu-made", processor: "made")

  /// A file of counts, and calls that raise them as an emulator would.
  private final class Counts {
    let path = NSTemporaryDirectory() + "plugin-counts-" + UUID().uuidString
    private let words: UnsafeMutablePointer<UInt64>

    init() throws {
      try Data(count: 16).write(to: URL(fileURLWithPath: path))
      let file = open(path, O_RDWR)
      defer { close(file) }
      let mapped = mmap(nil, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
      words = try #require(mapped != MAP_FAILED ? mapped : nil).assumingMemoryBound(to: UInt64.self)
    }

    deinit {
      munmap(words, 16)
      unlink(path)
    }

    /// The words that `raise` takes: where the counts are, by how much to raise them, and by how much more each time.
    func job(instructions: UInt64, loads: UInt64, growth: UInt64 = 0) -> [UInt64] {
      [UInt64(UInt(bitPattern: words)), instructions, loads, growth]
    }

    static let raise: InstructionStepper.Function = { argument in
      guard let job = argument?.assumingMemoryBound(to: UInt64.self),
        let words = UnsafeMutablePointer<UInt64>(bitPattern: UInt(job[0]))
      else { return }
      words[0] += job[1]
      words[1] += job[2]
      job[1] += job[3]
    }

    /// Opens the file, with a proof that raises it by so much where a thousand is wanted.
    func counters(
      instructions: UInt64 = 3000, loads: UInt64 = 1000, growth: UInt64 = 0
    ) -> Availability<PluginCounters> {
      var job = job(instructions: instructions, loads: loads, growth: growth)
      return job.withUnsafeMutableBytes {
        PluginCounters.open(
          file: path, emulator: PluginCountersTests.emulator,
          proof: .init(function: Self.raise, argument: $0.baseAddress, atLeast: 1000))
      }
    }
  }

  private func readings(
    _ counters: PluginCounters, whole: [UInt64], idle: [UInt64]
  ) -> [CounterReading] {
    let part = CountedWork.Part(stage: "compute") { count in
      var (whole, idle) = (whole, idle)
      return whole.withUnsafeMutableBytes { whole in
        idle.withUnsafeMutableBytes { idle in
          guard let argument = whole.baseAddress, let idleArgument = idle.baseAddress else {
            return []
          }
          return count(
            CountedWork.Call(
              function: Counts.raise, argument: argument, idleArgument: idleArgument,
              entry: unsafeBitCast(Counts.raise, to: UnsafeRawPointer.self)))
        }
      }
    }
    return counters.count(
      CountedWork(threads: 1, calls: 1, onEachThread: { $0(0) }, call: {}, parts: [part]))
  }

  @Test func whatIsTheStagesOwnIsNotCounted() throws {
    let counts = try Counts()
    let counters = try #require(counts.counters().value)
    let readings = readings(
      counters, whole: counts.job(instructions: 110, loads: 30),
      idle: counts.job(instructions: 10, loads: 5))
    #expect(
      readings == [
        CounterReading(event: .instructions, stage: "compute", value: .value(100)),
        CounterReading(event: .loads, stage: "compute", value: .value(25)),
      ])
  }

  /// As where another thread executes something meanwhile.
  @Test func callsThatDifferAreNoCount() throws {
    let counts = try Counts()
    let counters = try #require(counts.counters().value)
    let readings = readings(
      counters, whole: counts.job(instructions: 110, loads: 30, growth: 1),
      idle: counts.job(instructions: 10, loads: 5))
    #expect(readings.count == 2)
    #expect(readings.allSatisfy { $0.value.reason?.contains("another thread ran") == true })
  }

  @Test(arguments: [(0, 0), (3000, 0), (999, 1000)] as [(UInt64, UInt64)])
  func aFileThatDoesNotRiseIsNotBelieved(instructions: UInt64, loads: UInt64) throws {
    let counts = try Counts()
    let reason = counts.counters(instructions: instructions, loads: loads).reason
    #expect(reason?.hasPrefix("\(counts.path): not counting") == true, "\(reason ?? "")")
    #expect(reason?.contains("tools/arm/emulate.sh") == true)
  }

  @Test func aFileMustBeThereAndHoldCounts() throws {
    let missing = "/no/such/counts"
    let proof = PluginCounters.Proof.reads
    let absent = PluginCounters.open(file: missing, emulator: Self.emulator, proof: proof).reason
    #expect(absent?.hasPrefix("\(missing): No such file") == true, "\(absent ?? "")")
    let root = try FakeRoot(["/counts": "short"])
    let path = root.path + "/counts"
    let short = PluginCounters.open(file: path, emulator: Self.emulator, proof: proof).reason
    #expect(short?.hasPrefix("\(path): holds no counts") == true, "\(short ?? "")")
    for file in [nil, ""] as [String?] {
      let unnamed = PluginCounters.open(file: file, emulator: Self.emulator, proof: proof).reason
      #expect(unnamed?.hasPrefix("qemu-made was given no plug-in that counts") == true)
    }
  }

  /// A file that nobody raises is no emulator's, whatever the environment says.
  @Test func aProcessorHasNoPlugin() throws {
    let counts = try Counts()
    let reason = PluginCounters.open(file: counts.path, emulator: nil, proof: .reads).reason
    #expect(reason?.contains("--counters step") == true)
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["TERNBENCH_EMULATOR"] == nil,
      "here the loads are told to single-stepping, which qemu-user lacks"),
    .enabled(if: !isSanitized, "AddressSanitizer adds loads of its own"))
  func theProofReadsAsOftenAsItSays() throws {
    let proof = PluginCounters.Proof.reads
    let count = InstructionStepper().count(proof.function, argument: nil)
    let loads = try #require(count.value?.loads, "\(count)")
    #expect(loads >= proof.atLeast && loads < proof.atLeast + 10)
  }
}

@Suite struct EmulatorTests {
  /// A process whose first thread runs one program and which says that it runs another.
  private func root(_ real: String, says shown: String, _ words: [String] = []) throws -> FakeRoot {
    let thread = "/proc/self/task/\(getpid())"
    let root = try FakeRoot(["\(thread)/cmdline": words.joined(separator: "\0") + "\0"])
    let files = FileManager.default
    try files.createSymbolicLink(
      atPath: root.path + "/proc/self/exe", withDestinationPath: shown)
    try files.createSymbolicLink(atPath: root.path + thread + "/exe", withDestinationPath: real)
    return root
  }

  @Test func anEmulatorIsTheProgramThatReallyRuns() throws {
    let words = ["qemu-aarch64", "-cpu", "max,sve-max-vq=2", "-L", "/sysroot", "ternbench", "-cpu"]
    let root = try root("/usr/bin/qemu-aarch64", says: "/built/ternbench", words)
    // Not within the macro, whose expansion Swift 6.0 reads otherwise.
    let found: Emulator? = Emulator.read(root: root.path).value ?? nil
    let emulator = try #require(found)
    #expect(emulator == Emulator(name: "qemu-aarch64", processor: "max,sve-max-vq=2"))
    #expect(emulator.description == "max,sve-max-vq=2, emulated by qemu-aarch64")
    let bare = try self.root("/usr/bin/qemu-aarch64", says: "/built/ternbench", ["qemu-aarch64"])
    #expect((Emulator.read(root: bare.path).value ?? nil)?.processor == nil)
  }

  @Test func aProgramThatRunsItselfIsNotEmulated() throws {
    let root = try root("/built/ternbench", says: "/built/ternbench")
    #expect(Emulator.read(root: root.path) == .value(nil))
    let unknown = try FakeRoot(["/proc/self/status": ""])
    #expect(Emulator.read(root: unknown.path).reason?.hasPrefix("/proc/self/exe: ") == true)
  }

  /// Held against what the tests themselves are told.
  @Test func thisProcessKnows() throws {
    let isEmulated = ProcessInfo.processInfo.environment["TERNBENCH_EMULATOR"] != nil
    let emulator = try #require(Emulator.read().value)
    #expect((emulator != nil) == isEmulated, "\(String(describing: emulator))")
  }
}
#endif
