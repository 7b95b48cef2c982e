// swift-tools-version: 6.0
//
// ternbench: targets as one plain table. Debian 13 ships Swift 6.0.3, so the manifest stays at tools-version 6.0.
import PackageDescription

// Set by continuous integration. As -Xswiftc and -Xcc the flags would reach the dependencies too, and
// SwiftPM 6.3 stumbles over -Xcc -Werror.
let werror = Context.environment["TERNBENCH_WERROR"] == "1"

// Set by `make test-sanitize` beside --sanitize=address: Swift has no UndefinedBehaviorSanitizer on
// Linux, so C gets it here, and every finding ends the run.
let sanitize = Context.environment["TERNBENCH_SANITIZE"] == "1"

let swift: [SwiftSetting] = [
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .unsafeFlags(werror ? ["-warnings-as-errors"] : []),
  .unsafeFlags(sanitize ? ["-D", "SANITIZED"] : []),
]

// Kernels are compiled for the baseline CPU: each ISA file opens its own target region, so no -march here.
// -O3 is appended after SwiftPM's -O2 in release. Contraction stays off so that x86 and ARM give the same bits.
// DWARF 4 is what valgrind 3.19 reads.
let optimise = ["-O3"]
let dialect = ["-std=c11", "-ffp-contract=off", "-gdwarf-4"]
let c: [CSetting] = [
  .unsafeFlags(optimise, .when(configuration: .release)),
  .unsafeFlags(dialect + ["-Wall", "-Wextra", "-Wconversion"]),
  // What environment.json says of the build.
  .define("MPGEMM_FLAGS", to: "\"" + (dialect + optimise).joined(separator: " ") + "\""),
  .unsafeFlags(werror ? ["-Werror"] : []),
  .unsafeFlags(sanitize ? ["-fsanitize=undefined,float-cast-overflow"] : []),
  .unsafeFlags(sanitize ? ["-fno-sanitize-recover=all", "-fno-omit-frame-pointer"] : []),
  .headerSearchPath("."),
]
let cRuntime: [LinkerSetting] = [
  .unsafeFlags(sanitize ? ["-Xclang-linker", "-fsanitize=undefined"] : [])
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let csv = Target.Dependency.product(name: "SwiftCSV", package: "SwiftCSV")
let textTable = Target.Dependency.product(name: "TextTable", package: "TextTable")

func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swift)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: exclude, resources: resources,
    swiftSettings: swift)
}

let package = Package(
  name: "ternbench",
  products: [
    .executable(name: "ternbench", targets: ["ternbench"]),
    .library(name: "MPGEMM", targets: ["MPGEMM"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", exact: "0.10.0"),
    .package(url: "https://github.com/ordo-one/TextTable", exact: "0.0.2"),
  ],
  targets: [
    // C: the micro-kernels. MPGEMM alone imports it.
    .target(
      name: "CKernels", path: "kernels", publicHeadersPath: "include", cSettings: c,
      linkerSettings: cRuntime),

    // C: what Linux hides from Swift. Machine alone imports it.
    .target(
      name: "CMachine", path: "Sources/CMachine", cSettings: c, linkerSettings: cRuntime),

    // C: the trained model that is part of the program. Models alone imports it.
    .target(
      name: "CModel", path: "models",
      exclude: ["README.md", "shakespeare.csv", "shakespeare.gguf"],
      cSettings: c, linkerSettings: cRuntime),

    // Swift, lowest first; nothing points up.
    library("Statistics", []),
    library("MPGEMM", ["CKernels"]),
    library(
      "Models", ["CModel", toml, csv],
      resources: [.embedInCode("catalogue.csv"), .embedInCode("papers-memory.csv")]),
    library(
      "Energy", ["Models", toml, csv],
      resources: [.embedInCode("operations.toml"), .embedInCode("golden.csv")]),
    library("Machine", ["CMachine"]),
    library("Results", []),
    library(
      "Report", ["Models", "Energy", "Results", "Statistics", textTable, csv],
      resources: [.embedInCode("papers-speed.csv")]),
    library("Decoder", ["MPGEMM", "Models"]),
    library("Verification", ["MPGEMM"]),
    library(
      "Bench",
      [
        "MPGEMM", "Verification", "Models", "Decoder", "Energy", "Machine", "Results", "Statistics",
      ]),
    .executableTarget(
      name: "ternbench",
      dependencies: [
        "MPGEMM", "Verification", "Models", "Decoder", "Energy", "Machine", "Results", "Report",
        "Statistics", "Bench", argumentParser, textTable,
      ],
      swiftSettings: swift),

    tests("StatisticsTests", ["Statistics"]),
    tests("MPGEMMTests", ["MPGEMM"]),
    tests("ModelsTests", ["Models"], resources: [.copy("Fixtures")]),
    tests("DecoderTests", ["Decoder", "MPGEMM", "Models"], resources: [.copy("Fixtures")]),
    tests("EnergyTests", ["Energy", "Models"]),
    tests(
      "CensusTests", ["MPGEMM", "Machine", "TestSupport"],
      resources: [
        .embedInCode("Instructions/opcodes.csv"), .embedInCode("Instructions/unproven.csv"),
      ]),
    tests("MachineTests", ["Machine", "TestSupport"]),
    tests("ResultsTests", ["Results"]),
    tests(
      "ReportTests", ["Report", "Energy", "Models", "Results", "Statistics"],
      resources: [.copy("Fixtures")]),
    tests(
      "BenchTests",
      [
        "Bench", "Decoder", "Energy", "MPGEMM", "Machine", "Models", "Results", "Statistics",
        "TestSupport",
      ]),
    .executableTarget(
      name: "fuzz", dependencies: ["Decoder", "MPGEMM", "Models"], path: "Tests/Fuzz",
      swiftSettings: swift),
    tests("FuzzTests", ["fuzz", "Decoder", "Models", "TestSupport"]),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swift),
    tests(
      "Conformance", ["MPGEMM", "Verification", "TestSupport"],
      exclude: ["Golden", "Mutants", "Tiles"]),
    tests("CLITests", ["ternbench", "MPGEMM", "Results", "TestSupport"], exclude: ["Faults"]),
  ],
  swiftLanguageModes: [.v6]
)
