#if arch(x86_64)
import Foundation
import MPGEMM
import TestSupport
import Testing
import Verification

/// The AMX kernels on tile registers in plain C, since hardly any test machine has AMX.
@Suite struct EmulatedTilesTests {
  /// AVX-512 and its dot products of bytes, as mpgemm_kernel.h numbers them: what is not emulated.
  ///
  /// A kernel that needs more is tried where the CPU has it.
  private static let needed = ISA(rawValue: 1 << 1 | 1 << 3)

  private static let kernels = Result {
    let sources = ["support", "planar2", "trit5"].flatMap { cFiles(in: "kernels/\($0)") }
    let emulation = "Tests/Conformance/Tiles/tiles_emulated"
    return try Kernel.plugin(
      at: PluginFixture.build(
        sources + [emulation + ".c"], including: emulation + ".h"))
  }

  private static func cFiles(in folder: String) -> [String] {
    let path = PluginFixture.repository.appending(path: folder).path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(".c") }.sorted().map { "\(folder)/\($0)" }
  }

  @Test(.enabled(if: ISA.current.isSuperset(of: needed), "this CPU has no AVX-512 VNNI"))
  func keepTheContract() throws {
    let kernels = try Self.kernels.get()
    #expect(kernels.count == 3)
    let runnable = kernels.filter(\.isRunnable)
    #expect(runnable.count >= 2)
    for kernel in runnable {
      let mismatch = CaseSet.firstMismatch(of: kernel, peers: kernels)
      #expect(mismatch == nil, "\(mismatch.map(String.init(describing:)) ?? "")")
    }
  }

  /// Numbers of tokens around a group of 16, a pair of groups and the best tile of 256.
  @Test(
    .enabled(if: ISA.current.isSuperset(of: needed), "this CPU has no AVX-512 VNNI"),
    arguments: [15, 16, 17, 32, 48, 49, 129, 161, 256, 257])
  func agreeAcrossTiles(_ tokens: Int) throws {
    for kernel in try Self.kernels.get() where kernel.isRunnable {
      for (outFeatures, inFeatures) in [(16, 64), (47, 200), (130, 321)] {
        let shape = Shape(outFeatures: outFeatures, tokens: tokens, inFeatures: inFeatures)
        for pattern in [Pattern.random, .positive] {
          let problem = Problem(shape: shape, pattern: pattern, seed: 1)
          let mismatch = Check().firstMismatch(of: kernel, on: problem)
          #expect(mismatch == nil, "\(mismatch.map(String.init(describing:)) ?? "")")
        }
      }
    }
  }
}
#endif
