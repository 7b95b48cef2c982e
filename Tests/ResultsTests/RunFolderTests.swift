import Foundation
import Testing

@testable import Results

extension RunEnvironment {
  /// An environment with something unavailable in it.
  static func sample(run: String) -> RunEnvironment {
    RunEnvironment(
      run: run, utc: "2026-11-21T03:15:00Z", host: "box", commandLine: ["ternbench", "bench"],
      options: ["min_time": "0.1", "minTime": "kept as it is", "tokens": "1,128"],
      seeds: [1, .max], models: [Model(slug: "2b-4t", layers: ["q", "k"])],
      program: Program(
        version: "0.1.0", commit: .value("abc1234"), modified: .value(false),
        configuration: "release", compiler: .value("clang 21"), flags: .value("-O3 -std=c11")),
      processor: Processor(
        model: .value("AMD EPYC"), vendor: .value("AuthenticAMD"), features: ["avx2"],
        logicalProcessors: 2,
        caches: .value([Cache(level: 3, type: "unified", bytes: 32 << 20, sharedBy: 2)]),
        governor: .unavailable(reason: "no cpufreq in /sys: a virtual machine")),
      system: System(
        name: .value("Debian 12"), kernel: .value("Linux 6.1"), architecture: "x86_64",
        hypervisor: .value("KVM"), memoryBytes: .value(8 << 30), pageBytes: 4096,
        transparentHugePages: .value("madvise")))
  }
}

@Suite struct RunFolderTests {
  private let folder: TemporaryFolder
  private let instant = Date(timeIntervalSince1970: 1_795_230_900)

  init() throws { folder = try TemporaryFolder() }

  @Test func instantsAreUTC() {
    #expect(UTC.compact(instant) == "20261121T031500Z")
    #expect(UTC.readable(instant) == "2026-11-21T03:15:00Z")
    #expect(UTC.compact(Date(timeIntervalSince1970: 0.9)) == "19700101T000000Z")
  }

  @Test func namesAreLegalInEveryPath() {
    #expect(
      RunFolder.name(utc: instant, host: "my box/ü:", commit: "abc1234-dirty")
        == "20261121T031500Z-my_box___-abc1234-dirty")
  }

  @Test func twoRunsInOneSecondAreTwoFolders() throws {
    let results = folder("a/b/results")
    let first = try RunFolder(creatingIn: results, utc: instant, host: "box", commit: "abc")
    let second = try RunFolder(creatingIn: results, utc: instant, host: "box", commit: "abc")
    #expect(first.run == "20261121T031500Z-box-abc")
    #expect(second.run == "20261121T031500Z-box-abc-2")
    #expect(first.path == "\(results)/\(first.run)")
  }

  @Test func aFolderThatCannotBeMadeIsAnIOError() throws {
    try AtomicFile.write("", to: folder("file"))
    let error = resultsError {
      try RunFolder(creatingIn: folder("file/results"), utc: instant, host: "h", commit: "c")
    }
    #expect(error?.category == .io)
    #expect(
      error?.description.hasSuffix(
        "cannot make the folder: Not a directory; choose another path") == true)
  }

  @Test func aWholeRunComesBack() throws {
    let made = try RunFolder(creatingIn: folder.path, utc: instant, host: "box", commit: "abc")
    let environment = RunEnvironment.sample(run: made.run)
    try environment.write(to: made.environment)
    var row = KernelRow.measured
    row.run = made.run
    try CSVWriter<KernelRow>(creating: made.kernels).append(row)

    let run = try Run(RunFolder(opening: made.path + "/"))
    #expect(run == Run(environment: environment, kernels: [row], ceilings: []))
    #expect(try text(made.environment).contains("\"min_time\" : \"0.1\""))
  }

  @Test func aRowOfAnotherRunIsRefused() throws {
    let made = try RunFolder(creatingIn: folder.path, utc: instant, host: "box", commit: "abc")
    try RunEnvironment.sample(run: made.run).write(to: made.environment)
    try CSVWriter<KernelRow>(creating: made.kernels).append(.measured)
    let error = resultsError { try Run(made) }
    #expect(error?.reason == "a row of run \"r\" in the folder of \(made.run)")
  }

  @Test func aCaseStandsOnceAndItsLayerInTheEnvironment() throws {
    let made = try RunFolder(creatingIn: folder.path, utc: instant, host: "box", commit: "abc")
    try RunEnvironment.sample(run: made.run).write(to: made.environment)
    let writer = try CSVWriter<KernelRow>(creating: made.kernels)
    var row = KernelRow.measured
    row.run = made.run
    try writer.append(row)
    row.threads = 2
    try writer.append(row)
    #expect(try Run(made).kernels.count == 2)
    // An anchor that failed in a later group has a row there too.
    var failed = row
    failed.status = .failed
    failed.timeSeconds = nil
    failed.reason = "SIGSEGV while measuring"
    failed.group = 2
    try writer.append(failed)
    #expect(try Run(made).kernels.count == 3)

    try writer.append(row)
    #expect(resultsError { try Run(made) }?.reason == "two rows of i2s_avx2, layer \"q\", tokens 1")

    row.layer = "router"
    try writer.append(row)
    #expect(
      resultsError { try Run(made) }?.reason
        == "environment.json lists no layer \"router\" of 2b-4t")
  }

  @Test func aMissingRunNamesTheNewestThereIs() throws {
    let made = try RunFolder(creatingIn: folder.path, utc: instant, host: "box", commit: "abc")
    try CSVWriter<KernelRow>(creating: made.kernels).append(.measured)
    let error = resultsError { try RunFolder(opening: folder("2020")) }
    #expect(error?.category == .io && error?.reason == "no such folder")
    #expect(error?.remedy == "the newest run there is \(made.path)")

    let parent = resultsError { try RunFolder(opening: folder.path) }
    #expect(parent?.reason == "holds no environment.json with a kernels.csv or decode.csv")
    #expect(parent?.remedy == "the newest run there is \(made.path)")
  }

  @Test(arguments: [
    ("\"host\" : \"box\",", "", "host", "missing"),
    (
      "\"logical_processors\" : 2", "\"logical_processors\" : \"2\"",
      "processor.logicalProcessors", "is not of type Int"
    ),
    (
      "\"schema_version\" : 1", "\"schema_version\" : 2", "schema_version",
      "schema version 2, and this ternbench reads 1"
    ),
    ("{", "", nil, "is not JSON"),
  ])
  func aWrongEnvironmentIsNamed(
    _ old: String, _ new: String, _ key: String?, _ reason: String
  ) throws {
    let path = folder("environment.json")
    try RunEnvironment.sample(run: "r").write(to: path)
    try AtomicFile.write(text(path).replacing(old, with: new, maxReplacements: 1), to: path)
    let error = resultsError { try RunEnvironment(contentsOf: path) }
    #expect(error?.category == .data && error?.column == key && error?.reason == reason)
  }
}
