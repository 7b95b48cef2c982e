import Foundation
import Results
import TestSupport
import Testing

/// Counting by an emulator's plug-in, as a user asks for it.
@Suite struct PluginCommandTests {
  private static let order = [
    "bench", "--allow-debug-build", "--shape", "32x1x1280", "--cache", "hot", "--counters",
    "plugin",
  ]

  @Test(.disabled(if: Program.isEmulated, "there is an emulator here"))
  func aProcessorHasNoPlugin() throws {
    let scratch = try TemporaryFolder()
    let output = try Program.run(
      Self.order + ["--in-process", "--out", scratch.path + "/results"])
    #expect(output.status == 64 && output.out.isEmpty && output.errorLines.count == 1)
    #expect(output.error.contains("--counters plugin: no emulator runs this program"))
    #expect(output.error.contains("--counters step counts instructions"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/results"))
  }

  @Test(.enabled(if: Program.isEmulated, "there is no emulator here"))
  func anEmulatorWithoutThePluginSaysHowToGetIt() throws {
    let output = try Program.run(Self.order)
    #expect(output.status == 64 && output.errorLines.count == 1, "\(output.error)")
    #expect(output.error.contains("was given no plug-in that counts"))
    #expect(output.error.contains("tools/arm/emulate.sh"))
  }

  /// The plug-in, built for the machine that the emulator runs on.
  private static let plugin = ProcessInfo.processInfo.environment["TERNBENCH_PLUGIN"]

  /// Runs the program with the plug-in.
  private func counted(_ arguments: [String], _ scratch: TemporaryFolder) throws -> Program.Output {
    let files = ["out", "error", "counts"].map { scratch.path + "/" + $0 }
    let plugin = "PLUGIN=\(Self.plugin ?? ""),counts=\(files[2])"
    let process = try ChildProcess(
      ["/usr/bin/env", plugin] + BuiltProgram.emulator + [try Program.path.path] + arguments,
      out: files[0], error: files[1])
    let status = try process.wait()
    return Program.Output(
      status: status.code, out: try String(contentsOfFile: files[0], encoding: .utf8),
      error: try String(contentsOfFile: files[1], encoding: .utf8))
  }

  @Test(.enabled(if: Program.isEmulated && plugin != nil, "TERNBENCH_PLUGIN names no plug-in"))
  func twoRunsCountTheSameAndTimeNothing() throws {
    let scratch = try TemporaryFolder()
    let arguments = Self.order + ["--in-process", "--out", scratch.path + "/results"]
    let folders = try (0..<2).map { _ in
      let output = try counted(arguments, scratch)
      #expect(output.status == 0, "\(output.error)")
      return try RunFolder(
        opening: output.out.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    let runs = try folders.map { try Run($0) }
    let emulated = runs[0].kernels.filter { $0.status == .emulated }
    #expect(!emulated.isEmpty && !runs[0].kernels.contains { $0.status == .ok })
    let counts = runs.map { run in
      run.counters.map { [$0.kernel, $0.stage, $0.event, "\($0.value ?? -1)"] }
    }
    #expect(counts[0] == counts[1])
    #expect(runs[0].counters.allSatisfy { $0.value != nil }, "\(runs[0].counters)")
    for kernel in emulated.map(\.kernel) {
      let own = runs[0].counters.filter { $0.kernel == kernel && $0.stage == "compute" }
      let values = own.compactMap(\.value)
      #expect(values.count == 2 && values[0] > values[1] && values[1] > 0, "\(own)")
    }
    let report = try Program.run("report", folders[0].path, "--out", scratch.path + "/reports")
    let page = try String(
      contentsOfFile: report.out.trimmingCharacters(in: .whitespacesAndNewlines), encoding: .utf8)
    #expect(page.contains("Instructions and loads a weight") && !page.contains("GOP/s"))
    let mixed = try counted(Self.order, scratch)
    #expect(mixed.status == 64 && mixed.error.contains("add --in-process"))
  }
}
