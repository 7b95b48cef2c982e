import Foundation
import MPGEMM
import Machine
import TestSupport
import Testing

/// Every kernel's instructions, counted twice by single-stepping, those of libc's memcpy included.
@Suite(
  .enabled(
    if: ProcessInfo.processInfo.environment["TERNBENCH_EMULATOR"] == nil,
    "single-stepping is ptrace, which qemu-user lacks"),
  .disabled(if: isSanitized, "a sanitizer's instructions are not the kernels' own")
)
struct StageCountTests {
  /// The first of these that stays below the limit is what a kernel is counted on.
  private static let shapes = [
    Shape(outFeatures: 8, tokens: 2, inFeatures: 256),
    Shape(outFeatures: 3, tokens: 1, inFeatures: 70),
  ]

  private static let limit = 100_000

  private struct StageCount: Equatable {
    let stage: Stage
    let count: InstructionCount
  }

  // Not within @Test, where a closure crashes Swift 6.0.3.
  private static let kernels = Kernel.all.filter { $0.isRunnable && $0.activation != .int4 }

  @Test(arguments: kernels)
  func twoRunsCountTheSame(kernel: Kernel) throws {
    var reasons: [String] = []
    for shape in Self.shapes {
      // Everything is made anew for the second count: new buffers, another child.
      let first = Self.counts(kernel, shape)
      let second = Self.counts(kernel, shape)
      if let first = first.value, let second = second.value {
        let isSame = first == second
        let totals = (first + second).map(\.count.total)
        #expect(isSame, "\(kernel.name) on \(shape): \(totals)")
        let compute = try #require(first.first { $0.stage == .compute })
        #expect(compute.count.total > 0)
        #expect(compute.count.addresses.map(\.count).reduce(0, +) == compute.count.total)
        return
      }
      reasons += [first, second].compactMap(\.reason)
    }
    Issue.record("\(kernel.name): \(reasons)")
  }

  private static func counts(_ kernel: Kernel, _ shape: Shape) -> Availability<[StageCount]> {
    var random = SplitMix64(seed: 7)
    let weights = TernaryMatrix(
      outFeatures: shape.outFeatures, inFeatures: shape.inFeatures, zeroDensity: 0.4, seed: 7)
    let multiplication = Multiplication(
      kernel, shape: shape,
      activations: (0..<shape.tokens * shape.inFeatures).map { _ in Float(random.normal()) },
      pool: ThreadPool(threads: 1))
    let packed = PackedMatrix(packing: weights, for: kernel)
    multiplication.quantize()
    multiplication.prepare()
    multiplication.compute(packed)
    let stepper = InstructionStepper(limit: limit, recordsAddresses: true)
    var counts: [StageCount] = []
    for stage in Stage.allCases {
      let result = multiplication.withCall(of: stage, packed) {
        stepper.count($0.function, argument: $0.argument, entry: $0.entry)
      }
      switch result {
      case nil: continue
      case .unavailable(let reason): return .unavailable(reason: "\(stage): \(reason)")
      case .value(let count): counts.append(StageCount(stage: stage, count: count))
      }
    }
    return .value(counts)
  }
}
