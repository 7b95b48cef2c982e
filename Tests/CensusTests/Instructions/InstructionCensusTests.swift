import MPGEMM
import Machine
import Testing

#if arch(x86_64) && os(Linux)
#if SANITIZED
private let isSanitized = true
#else
private let isSanitized = false
#endif

/// Declared equals executed, for every SIMD kernel that this CPU can run: by its machine code.
///
/// What machine code cannot show is listed in unproven.csv, with a reason and a bound; an entry that nothing needs
/// any more fails, so that the list only shrinks. Bytes are not seen here: layouts and plans declare them.
@Suite(.disabled(if: isSanitized, "a sanitizer's instructions are not the kernels' own"))
struct InstructionCensusTests {
  private static let kernels = Kernel.all.filter { !$0.requiredISA.isEmpty && $0.isRunnable }
  private static let shapes = ["8x1x256", "40x3x300", "70x5x77"].compactMap { Shape($0) }
  private static let refusal = InstructionStepper().count({ _ in }, argument: nil).reason

  private static func table() throws -> OpcodeTable {
    try OpcodeTable(csv: String(decoding: PackageResources.opcodes_csv, as: UTF8.self))
  }

  private static func unproven() throws -> [Unproven] {
    try Unproven.all(csv: String(decoding: PackageResources.unproven_csv, as: UTF8.self))
  }

  /// A class of one stage whose declared and executed counts differ.
  private struct Difference {
    let stage, name: String
    let declared, executed: Int
  }

  private static func differences(
    _ declared: (prepare: OperationCounts, compute: OperationCounts),
    _ executed: (prepare: OperationCounts, compute: OperationCounts)
  ) -> [Difference] {
    OperationCounts.classes.filter { !$0.name.hasSuffix("bytes") }.flatMap { name, count in
      [
        Difference(
          stage: "prepare", name: name, declared: declared.prepare[keyPath: count],
          executed: executed.prepare[keyPath: count]),
        Difference(
          stage: "compute", name: name, declared: declared.compute[keyPath: count],
          executed: executed.compute[keyPath: count]),
      ].filter { $0.declared != $0.executed }
    }
  }

  @Test(.enabled(if: refusal == nil, "this machine forbids single-stepping"), arguments: kernels)
  func executesWhatItDeclares(_ kernel: Kernel) throws {
    let table = try Self.table()
    var unneeded = Set(try Self.unproven().filter { $0.kernel == kernel.name })
    let allowed = unneeded
    var wrong: [String] = []
    for shape in Self.shapes {
      let executed = try InstructionCensus(kernel, shape, table: table).executed()
      for difference in Self.differences(kernel.count(shape), executed) {
        let entry = allowed.first { $0.stage == difference.stage && $0.name == difference.name }
        if let entry { unneeded.remove(entry) }
        let isAllowed = entry?.bound.allows(
          difference.executed - difference.declared, m: shape.outFeatures, n: shape.tokens,
          k: shape.inFeatures)
        if isAllowed != true {
          wrong.append(
            "\(kernel.name) \(shape) \(difference.stage): declares \(difference.declared) "
              + "\(difference.name), executes \(difference.executed)")
        }
      }
    }
    #expect(wrong.isEmpty)
    #expect(unneeded.isEmpty, "unproven.csv excuses what is proven: delete the line")
  }

  /// A declared count that is off by one is a difference, in each class and stage.
  @Test(.enabled(if: refusal == nil, "this machine forbids single-stepping"))
  func findsACountOffByOne() throws {
    let kernel = try #require(Self.kernels.first { $0.name == "tl2_avx2" } ?? Self.kernels.first)
    let shape = try #require(Self.shapes.last)
    let executed = try InstructionCensus(kernel, shape, table: Self.table()).executed()
    for (name, count) in OperationCounts.classes where !name.hasSuffix("bytes") {
      var declared = executed
      declared.compute[keyPath: count] += 1
      let found = Self.differences(declared, executed)
      #expect(found.count == 1 && found[0].name == name && found[0].stage == "compute")
      declared = executed
      declared.prepare[keyPath: count] -= 1
      #expect(Self.differences(declared, executed).first?.stage == "prepare")
    }
  }

  @Test func everyLineOfTheTablesIsRead() throws {
    _ = try Self.table()
    let names = Set(Kernel.all.map(\.name))
    for entry in try Self.unproven() {
      #expect(names.contains(entry.kernel), "\(entry.kernel) of unproven.csv does not exist")
      #expect(OperationCounts.classes.contains { $0.name == entry.name })
    }
  }

  /// Encodings by hand: their bytes, and what they count.
  @Test func instructionsAreDecoded() throws {
    let cases: [(bytes: [UInt8], name: String, counts: [String: Int])] = [
      ([0xC5, 0xF5, 0xFC, 0xC2, 0, 0, 0, 0], "vpaddb ymm0, ymm1, ymm2", ["add_i8": 32]),
      ([0xC4, 0xE2, 0x75, 0x04, 0xC2, 0, 0, 0], "vpmaddubsw ymm", ["mul_i8": 32, "add_i16": 16]),
      ([0xC5, 0xF1, 0xEF, 0xC1, 0, 0, 0, 0], "vpxor xmm0, xmm1, xmm1: a zero", [:]),
      ([0xC5, 0xF1, 0xEF, 0xC2, 0, 0, 0, 0], "vpxor xmm0, xmm1, xmm2", ["bitop": 16]),
      ([0xC5, 0xE5, 0x71, 0xD2, 0x04, 0, 0, 0], "vpsrlw ymm3, ymm2, 4", ["bitop": 16]),
      ([0x62, 0xF2, 0x75, 0x48, 0x50, 0xC2, 0, 0], "vpdpbusd zmm", ["mul_i8": 64, "add_i32": 64]),
      ([0x62, 0xF3, 0x7D, 0x48, 0x25, 0xC0, 0xFF, 0], "vpternlogd zmm, 255: ones", [:]),
      ([0xF3, 0x0F, 0x59, 0xC1, 0, 0, 0, 0], "mulss", ["mul_f32": 1]),
      ([0x0F, 0x59, 0xC1, 0, 0, 0, 0, 0], "mulps", ["mul_f32": 4]),
      ([0x66, 0x44, 0x0F, 0xFE, 0xC1, 0, 0, 0], "paddd xmm8, xmm1", ["add_i32": 4]),
      ([0x48, 0x01, 0xC8, 0, 0, 0, 0, 0], "add rax, rcx", [:]),
      ([0x0F, 0xAF, 0xC1, 0, 0, 0, 0, 0], "imul eax, ecx", [:]),
      ([0xC4, 0xE2, 0xF9, 0xF7, 0xC1, 0, 0, 0], "shlx", [:]),
    ]
    let table = try Self.table()
    for (bytes, name, expected) in cases {
      var total = OperationCounts()
      bytes.withUnsafeBytes { code in
        if case .vector(let instruction) = DecodedInstruction(code.baseAddress!) {
          #expect(table.add(instruction, times: 1, to: &total), "\(name) has no entry")
        }
      }
      for (counted, count) in OperationCounts.classes {
        #expect(total[keyPath: count] == expected[counted] ?? 0, "\(name) \(counted)")
      }
    }
  }

  @Test func anUnknownInstructionIsFound() throws {
    let bytes: [UInt8] = [0xC5, 0xFD, 0xE6, 0xC1, 0, 0, 0, 0]  // vcvttpd2dq
    let table = try Self.table()
    var total = OperationCounts()
    bytes.withUnsafeBytes { code in
      guard case .vector(let instruction) = DecodedInstruction(code.baseAddress!) else {
        Issue.record("not decoded")
        return
      }
      #expect(!table.add(instruction, times: 1, to: &total))
    }
  }
}
#endif
