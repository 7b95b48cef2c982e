import Foundation
import Results
import TestSupport
import Testing

/// A kernel that takes its process down costs its own rows and nobody else's.
@Suite(
  .serialized, .disabled(if: Program.isEmulated, "an emulated process cannot start its kind"))
struct IsolationTests {
  private static let faults = PluginFixture.repository.appending(
    path: "Tests/CLITests/Faults/faults.c")

  /// AddressSanitizer tells of such an access, and ends the process itself.
  private static let invalidAccess =
    isSanitized ? "its process ended with status 1" : "SIGSEGV (invalid memory access)"

  /// What the reason of each fault's row says.
  private static let reasons = [
    "mutant_packing_portable": "\(invalidAccess) while packing",
    "mutant_killed_portable": "SIGKILL (killed from outside, perhaps for memory) while verifying",
    "mutant_illegal_portable": "SIGILL (illegal instruction) while verifying",
    "mutant_stray_portable": "\(invalidAccess) while verifying",
    "mutant_hung_portable": "hung while verifying",
    "mutant_greedy_portable": "out of memory while verifying: took over 64 MiB",
    "mutant_late_portable": "SIGABRT (aborted) while measuring",
  ]

  private func bench(
    _ plugin: String, _ out: TemporaryFolder, kernels: String, _ more: [String]
  ) -> [String] {
    [
      "bench", "--allow-debug-build", "--plugin", plugin, "--kernel", kernels, "--cache", "hot",
      "--min-time", "0.001", "--out", out.path,
    ] + more
  }

  @Test func aFaultCostsItsRowsOnly() throws {
    let scratch = try TemporaryFolder()
    let output = try Program.run(
      bench(
        try PluginFixture.build(Self.faults), scratch, kernels: "^(mutant_|int8_dot_portable)",
        ["--shape", "40x1x96", "24x2x96", "--worker-timeout", "5", "--worker-memory", "64"]))
    #expect(output.status == 3, "\(output.error)")
    let run = try RunFolder(opening: output.out.trimmingCharacters(in: .newlines))
    let rows = try CSVReader<KernelRow>(run.kernels).rows
    #expect(rows.count == 2 * (Self.reasons.count + 2))
    for row in rows {
      if let reason = Self.reasons[row.kernel] {
        #expect(
          row.status == .failed && row.reason.hasPrefix(reason), "\(row.kernel): \(row.reason)")
      } else {
        #expect(row.status == .ok && row.samples ?? 0 >= 5, "\(row.kernel): \(row.reason)")
      }
    }
    // The samples of a kernel that failed later are no measurement.
    let sampled = Set(try CSVReader<SampleRow>(run.samples).rows.map(\.kernel))
    #expect(sampled == ["mutant_sound_portable", "int8_dot_portable"])
  }

  @Test func workersEndWithTheirCoordinator() throws {
    let scratch = try TemporaryFolder()
    let process = try ChildProcess(
      [try Program.path.path]
        + bench(
          try PluginFixture.build(Self.faults), scratch, kernels: "^mutant_hung",
          ["--shape", "8x1x8"]))
    // The pool's process, and the worker that hangs.
    let found = wait(
      for: { descendants(of: process.id) }, until: { $0.count == 2 })
    let workers = try #require(found)
    process.signal(SIGKILL)
    _ = try process.wait()
    let left = wait(for: { workers.filter(isRunning) }, until: \.isEmpty)
    #expect(left != nil)
  }

  @Test func inProcessGivesTheSameRows() throws {
    let scratch = try TemporaryFolder()
    var kernels: [[String]] = []
    for mode in [[], ["--in-process"]] {
      let output = try Program.run(
        bench(
          try PluginFixture.build(Self.faults), scratch, kernels: "^(mutant_sound|int8_dot)",
          ["--shape", "40x2x96", "--threads", "1,2"] + mode))
      #expect(output.status == 0, "\(output.error)")
      let run = try RunFolder(opening: output.out.trimmingCharacters(in: .newlines))
      let rows = try CSVReader<KernelRow>(run.kernels).rows
      // Everything that is not a time: also the errors, to the bit.
      kernels.append(
        rows.map { row in
          let error = row.maxAbsError.map { "\($0)" } ?? "none"
          return "\(row.kernel) \(row.threads) \(row.status) \(error) \(row.cpus)"
        })
    }
    #expect(kernels[0] == kernels[1])
  }

  /// Asks again and again for a minute until the answer is as wished; nil if it never is.
  private func wait<Answer>(
    for answer: () -> Answer, until isWell: (Answer) -> Bool
  ) -> Answer? {
    for _ in 0..<600 {
      let current = answer()
      if isWell(current) { return current }
      usleep(100_000)
    }
    return nil
  }

  private func descendants(of process: Int32) -> [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let parents = all.compactMap { Int32($0) }.compactMap { id in
      parent(of: id).map { (id: id, parent: $0) }
    }
    let children = parents.filter { $0.parent == process }.map(\.id)
    return children
      + children.flatMap { child in
        parents.filter { $0.parent == child }.map(\.id)
      }
  }

  private func isRunning(_ process: Int32) -> Bool {
    fields(of: process).map { $0[0] != "Z" && $0[0] != "X" } ?? false
  }

  private func parent(of process: Int32) -> Int32? {
    fields(of: process).flatMap { Int32($0[1]) }
  }

  /// The fields of /proc/<id>/stat from the state on, which follows the name in parentheses.
  private func fields(of process: Int32) -> [Substring]? {
    guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let name = stat.lastIndex(of: ")")
    else { return nil }
    let fields = stat[stat.index(after: name)...].split(separator: " ")
    return fields.count > 1 ? fields : nil
  }
}
