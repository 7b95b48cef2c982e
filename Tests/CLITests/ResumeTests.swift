import Foundation
import Results
import TestSupport
import Testing

/// A sweep that was stopped goes on where it was: no case is lost, and none is measured twice.
@Suite(
  .serialized, .disabled(if: Program.isEmulated, "an emulated process cannot start its kind"))
struct ResumeTests {
  /// `TERNBENCH_KILLS=50` is the long form of the test.
  private static let kills =
    ProcessInfo.processInfo.environment["TERNBENCH_KILLS"].flatMap { Int($0) } ?? 4
  private static let kernels = ["int8_dot_portable", "i2s_portable"]
  private static let threads = [1, 2]

  /// Three times as many cases as kills, so that most kills find something left to do.
  private static let shapes = (1...max(4, kills * 3 / 2)).map { "\(8 * $0)x1x\(16 * $0)" }

  private static func bench(_ out: TemporaryFolder, _ more: [String] = []) -> [String] {
    [
      "bench", "--allow-debug-build", "--kernel", "^(\(kernels.joined(separator: "|")))$",
      "--shape",
    ] + shapes + [
      "--threads", threads.map(String.init).joined(separator: ","), "--cache", "hot",
      "--min-time", "0.001", "--out", out.path,
    ] + more
  }

  /// Every case once, each with its samples, every line of each file well formed.
  private func expectComplete(_ folder: String) throws {
    let run = try RunFolder(opening: folder)
    let rows = try CSVReader<KernelRow>(run.kernels).rows
    let wanted = Self.shapes.flatMap { shape in
      Self.threads.flatMap { threads in Self.kernels.map { "\($0) \(shape) \(threads)" } }
    }
    let found = rows.map {
      "\($0.kernel) \($0.outFeatures)x\($0.tokens)x\($0.inFeatures) \($0.threads)"
    }
    #expect(found.sorted() == wanted.sorted())
    #expect(rows.allSatisfy { $0.status == .ok })
    let samples = try CSVReader<SampleRow>(run.samples).rows
    #expect(samples.count == rows.reduce(0) { $0 + ($1.samples ?? 0) })
    #expect(Set(samples.map(\.order)).count == samples.count)
    expectCeilings(try CSVReader<CeilingRow>(run.ceilings).rows, of: rows)
    #expect(try CSVReader<CheckpointRow>(run.progress).rows.count == wanted.count / 2)
    _ = try Run(run)
  }

  /// The read probes of every case once, and what the machine can do once for each number of threads.
  private func expectCeilings(_ rows: [CeilingRow], of kernels: [KernelRow]) {
    let machine = rows.filter(\.isOfMachine)
    let probes = Set(machine.map(\.probe))
    #expect(!probes.isEmpty)
    for threads in Self.threads {
      let once = machine.filter { $0.threads == threads }
      #expect(Set(once.map(\.probe)) == probes, "lost with \(threads) threads")
      // A machine may have two caches of one level.
      #expect(Set(once.map { "\($0.probe) \($0.bytes)" }).count == once.count, "\(once)")
    }
    // The two kernels are of two layouts, whose bytes tell the cases apart: none lost, none twice.
    let reads = rows.filter { !$0.isOfMachine }
    let found = reads.map { "\($0.probe) \($0.prefetch) \($0.bytes) \($0.threads)" }
    let kinds = Set(reads.map { "\($0.probe) \($0.prefetch)" })
    let inEveryCase = kernels.flatMap { row in
      kinds.map { "\($0) \(row.packedBytes ?? 0) \(row.threads)" }
    }
    #expect(!kinds.isEmpty && found.sorted() == inEveryCase.sorted())
  }

  private func start(_ arguments: [String], error: String? = nil) throws -> ChildProcess {
    try ChildProcess([try Program.path.path] + arguments, error: error)
  }

  @Test func killsLoseAndRepeatNothing() throws {
    let out = try TemporaryFolder()
    // The delays are of a fixed sequence; where they fall in the sweep is up to the machine.
    var state: UInt64 = 20_261_121
    for _ in 0..<Self.kills {
      let process = try start(Self.bench(out, ["--resume"]))
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      usleep(UInt32(state >> 33) % 1_000_000)
      process.signal(SIGKILL)
      _ = try process.wait()
    }
    let last = try Program.run(Self.bench(out, ["--resume"]))
    #expect(last.status == 0, "\(last.error)")
    try expectComplete(last.out.trimmingCharacters(in: .newlines))
  }

  @Test func whatFollowsTheLastCompleteCaseIsCut() throws {
    let out = try TemporaryFolder()
    let whole = try Program.run(Self.bench(out))
    #expect(whole.status == 0, "\(whole.error)")
    let folder = whole.out.trimmingCharacters(in: .newlines)
    try expectComplete(folder)
    // As a kill leaves it between the rows of a case and its checkpoint, and within a write.
    let progress = folder + "/progress.csv"
    let text = try String(contentsOfFile: progress, encoding: .utf8)
    try String(text.dropLast(9)).write(toFile: progress, atomically: true, encoding: .utf8)
    for file in ["kernels.csv", "samples.csv"] {
      let handle = try #require(FileHandle(forWritingAtPath: "\(folder)/\(file)"))
      handle.seekToEndOfFile()
      handle.write(Data("2,half a ro".utf8))
      handle.closeFile()
    }
    let resumed = try Program.run(Self.bench(out, ["--resume", folder]))
    #expect(resumed.status == 0, "\(resumed.error)")
    try expectComplete(folder)
    let environment = try RunEnvironment(contentsOf: folder + "/environment.json")
    #expect(environment.resumed?.count == 1)
    let report = try Program.run("report", folder, "--out", out.path + "/reports")
    #expect(report.status == 0, "\(report.error)")
  }

  @Test func otherOptionsAreNamed() throws {
    let out = try TemporaryFolder()
    let whole = try Program.run(Self.bench(out))
    let folder = whole.out.trimmingCharacters(in: .newlines)
    for (options, says) in [(["--seed", "2"], "seed '1'"), (["--tokens", "3"], "tokens '1'")] {
      let other = try Program.run(Self.bench(out, options + ["--resume", folder]))
      #expect(other.status == 64 && other.errorLines.count == 1, "\(other.error)")
      #expect(other.error.contains(says), "\(other.error)")
    }
    let nothingLeft = try Program.run(Self.bench(out, ["--resume"]))
    #expect(nothingLeft.status == 0 && nothingLeft.out.contains(folder))
    try expectComplete(folder)
  }

  @Test func anInterruptFinishesTheCase() throws {
    let out = try TemporaryFolder()
    let error = out.path + "/error"
    // Long enough that the interrupt comes before the end.
    let slowly = ["--min-time", "0.2"]
    let process = try start(Self.bench(out, slowly), error: error)
    // A checkpoint shows that the sweep has got going.
    for _ in 0..<600 {
      let run = RunFolder.all(in: out.path).first
      if let run, let rows = try? run.checkpoints().rows, !rows.isEmpty { break }
      usleep(10_000)
    }
    process.signal(SIGINT)
    let status = try process.wait()
    let said = try String(contentsOfFile: error, encoding: .utf8)
    #expect(!status.isSignal && status.code == 130, "\(said)")
    let folder = try #require(RunFolder.all(in: out.path).first)
    #expect(said.contains("finishing the case") && said.contains("--resume \(folder.path)"))
    // What was written is whole, and the rest follows.
    let rows = try CSVReader<KernelRow>(folder.kernels).rows
    #expect(!rows.isEmpty && rows.count.isMultiple(of: Self.kernels.count))
    let resumed = try Program.run(Self.bench(out, slowly + ["--resume"]))
    #expect(resumed.status == 0, "\(resumed.error)")
    try expectComplete(folder.path)
  }
}
