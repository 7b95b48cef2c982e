import Foundation
import MPGEMM
import TestSupport
import Testing
import Verification

/// The suite itself is tested: it passes a sound kernel and rejects each mutant for its own defect.
@Suite struct MutantTests {
  private static let defects: [(name: String, rule: Rule)] = [
    ("int16", .output),
    ("tail", .output),
    ("token", .output),
    ("rounding", .output),
    ("scale", .output),
    ("scratch", .output),
    ("accumulate", .output),
    ("stride", .output),
    ("outside", .outside),
    ("padding", .packedBytes),
    ("unpacked", .unpack),
    ("ranges", .preparedBytes),
    ("best", .plan),
    ("counts", .counts),
    ("bits", .bitsPerWeight),
    ("tiles", .tiles),
    ("tolerance", .tolerance),
    ("nmse", .nmse),
    ("numerics", .numerics),
  ]

  private static let mutants = Result {
    try Kernel.plugin(
      at: PluginFixture.build(PluginFixture.folder.appending(path: "mutants.c")))
  }

  private static func mutant(_ name: String) throws -> Kernel {
    try #require(try mutants.get().first { $0.name == "mutant_\(name)_portable" })
  }

  @Test func passesTheSoundKernel() throws {
    let mismatch = CaseSet.firstMismatch(of: try Self.mutant("sound"), among: CaseSet.whole)
    #expect(mismatch == nil, "\(mismatch.map(String.init(describing:)) ?? "")")
  }

  @Test(arguments: defects)
  func rejects(_ name: String, for rule: Rule) throws {
    let mismatch = CaseSet.firstMismatch(
      of: try Self.mutant(name), peers: try Self.mutants.get(), among: CaseSet.whole)
    #expect(
      mismatch?.deviation.rule == rule, "\(mismatch.map(String.init(describing:)) ?? "passed")")
  }

  /// A lane of 16 bits overflows on long rows of the largest codes alone: random data never shows it.
  @Test func findsTheOverflowByItsPattern() throws {
    let found = CaseSet.firstMismatch(of: try Self.mutant("int16"), among: CaseSet.whole)
    let mismatch = try #require(found)
    #expect(mismatch.shape.inFeatures > 2048 && mismatch.pattern != .random, "\(mismatch)")
  }

  @Test func mismatchIsOneLineThatReproduces() throws {
    let found = CaseSet.firstMismatch(of: try Self.mutant("tail"), among: CaseSet.whole)
    let mismatch = try #require(found)
    let line = "\(mismatch)"
    #expect(!line.contains("\n"))
    #expect(
      line.contains(
        "ternbench verify --kernel '^mutant_tail_portable$' --shape \(mismatch.shape) "
          + "--pattern \(mismatch.pattern.rawValue) --seed \(mismatch.seed)"), "\(line)")
    // And what the line names is enough to see it again.
    let problem = Problem(
      shape: mismatch.shape, pattern: mismatch.pattern, seed: mismatch.seed)
    let again = Check().firstMismatch(of: try Self.mutant("tail"), on: problem)
    #expect(again?.description == line)
  }

  /// The verifier, which runs whole multiplications, rejects them on large shapes too.
  @Test(arguments: ["tail", "token", "rounding", "bits", "counts"])
  func verifierRejects(_ name: String) throws {
    let shape = Shape(outFeatures: 1000, tokens: 3, inFeatures: 1100)
    let results = Verifier(threads: 2, seed: 1).verify(
      [try Self.mutant("sound"), try Self.mutant(name)], on: [shape])
    let failed = results.filter { $0.verdict?.mismatch != nil }
    #expect(results.count == 2 * Pattern.forLargeShapes.count)
    #expect(!failed.isEmpty && failed.allSatisfy { $0.kernel.name.contains(name) })
  }

  /// Who verifies one kernel of two that should agree sees the disagreement as well.
  @Test func verifierComparesPeers() throws {
    let shape = Shape(outFeatures: 1000, tokens: 3, inFeatures: 1100)
    let results = Verifier(threads: 2, seed: 1).verify(
      [try Self.mutant("numerics"), try Self.mutant("peer")], on: [shape], patterns: [.random])
    let rules = results.compactMap { $0.verdict?.mismatch?.deviation.rule }
    #expect(rules == [.numerics])
  }

  #if compiler(>=6.2)
  /// What reads past its weights runs into a guard page, which ends the process.
  @Test func guardPageStopsTheOverread() async {
    await #expect(processExitsWith: .failure) {
      // Leaves with success if it gets as far without the kernel, so that only the trap is a failure.
      guard let sound = try? MutantTests.mutant("sound"),
        let overread = try? MutantTests.mutant("overread"),
        CaseSet.firstMismatch(of: sound) == nil
      else { exit(0) }
      _ = CaseSet.firstMismatch(of: overread)
      exit(0)
    }
  }
  #endif
}
