import Foundation
import MPGEMM
import Machine
import Results
import TestSupport
import Testing

@testable import Bench

/// What a sweep writes to `counters.csv` and about ceilings.
@Suite struct CounterSweepTests {
  private func sweep(_ counters: CounterChoice) throws -> (RunFolder, () -> Void) {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ternbench-\(UUID().uuidString)").path
    let run = try RunFolder(creatingIn: folder, utc: Date(), host: "host", commit: "commit")
    var options = SweepOptions(
      kernels: Kernel.all,
      targets: [Target(outFeatures: 3, inFeatures: 70, tokens: 1, zeroDensity: 0.5)],
      caches: [.hot], minTime: 1e-4, seed: 3)
    options.counters = counters
    _ = try SweepRunner(options, folder: run).run()
    return (run, { try? FileManager.default.removeItem(atPath: folder) })
  }

  private static let isEmulated =
    ProcessInfo.processInfo.environment["TERNBENCH_EMULATOR"] != nil

  @Test(
    .enabled(if: !isEmulated, "single-stepping is ptrace, which qemu-user lacks"),
    .disabled(if: isSanitized, "a sanitizer's instructions are not the kernels' own"))
  func twoSweepsCountTheSameSteps() throws {
    let (one, removeOne) = try sweep(.step)
    defer { removeOne() }
    let (two, removeTwo) = try sweep(.step)
    defer { removeTwo() }
    let first = try CSVReader<CounterRow>(one.counters).rows
    let second = try CSVReader<CounterRow>(two.counters).rows
    #expect(first.map(\.value) == second.map(\.value))
    let measured = try CSVReader<KernelRow>(one.kernels).rows.filter { $0.status == .ok }
    let counted = first.filter { $0.event == "instructions" && $0.stage == "compute" }
    #expect(counted.map(\.kernel) == measured.map(\.kernel))
    #expect(counted.allSatisfy { $0.value ?? 0 > 0 }, "\(counted.filter { $0.value == nil })")
    let loads = first.filter { $0.event == "loads" && $0.stage == "compute" }
    #expect(loads.map(\.kernel) == counted.map(\.kernel))
    #expect(zip(loads, counted).allSatisfy { 0 < $0.value ?? 0 && $0.value ?? 0 < $1.value ?? 0 })
  }

  /// With a plug-in or without: rows that were verified, counts or their reason, and no time anywhere.
  @Test func aSweepByPluginTimesNothing() throws {
    let (run, remove) = try sweep(.plugin)
    defer { remove() }
    let rows = try CSVReader<KernelRow>(run.kernels).rows.filter { $0.status != .skipped }
    #expect(!rows.isEmpty && rows.allSatisfy { $0.status == .emulated && $0.maxAbsError != nil })
    #expect(
      rows.allSatisfy { $0.reason == "emulated: times and energy would be the emulator's" })
    #expect(rows.allSatisfy { $0.energyReason == $0.reason && $0.packedBytes ?? 0 > 0 })
    #expect(rows.allSatisfy { $0.reproduce.hasSuffix(" --in-process --counters plugin") })
    #expect(try CSVReader<SampleRow>(run.samples).rows.isEmpty)
    #expect(try CSVReader<CeilingRow>(run.ceilings).rows.isEmpty)
    let counters = try CSVReader<CounterRow>(run.counters).rows
    #expect(Set(counters.map(\.kernel)) == Set(rows.map(\.kernel)))
    #expect(counters.allSatisfy { $0.source == "plugin" && ($0.value == nil) != $0.reason.isEmpty })
  }

  @Test func eachMeasuredRowHasACountOrAReason() throws {
    let (run, remove) = try sweep(.papi)
    defer { remove() }
    let counters = try CSVReader<CounterRow>(run.counters).rows
    let measured = try CSVReader<KernelRow>(run.kernels).rows.filter { $0.status == .ok }
    #expect(Set(counters.map(\.kernel)) == Set(measured.map(\.kernel)))
    #expect(counters.allSatisfy { ($0.value == nil) != $0.reason.isEmpty })
  }

  @Test func nothingIsCountedUnasked() throws {
    let (run, remove) = try sweep(.none)
    defer { remove() }
    #expect(!FileManager.default.fileExists(atPath: run.counters))
    let ceilings = try CSVReader<CeilingRow>(run.ceilings).rows
    let executed = ceilings.filter { $0.medianGOPPerSecond != nil }.map(\.probe)
    #expect(executed == ThroughputProbe.runnable.map { "execute \($0.name)" })
    let measured = try CSVReader<KernelRow>(run.kernels).rows.filter { $0.status == .ok }
    #expect(measured.allSatisfy { !$0.ceiling.isEmpty && $0.ceilingSeconds ?? 0 > 0 })
  }
}
