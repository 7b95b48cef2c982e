import Foundation
import MPGEMM
import TestSupport
import Testing
import Verification

/// Plug-ins as third parties build them, good and bad.
@Suite struct PluginTests {
  /// The plug-ins that this repository shows as examples, built as their readers would.
  @Test(arguments: PluginFixture.examples)
  func exampleKeepsTheContract(_ source: String) throws {
    let kernels = try Kernel.plugin(
      at: PluginFixture.build(PluginFixture.repository.appending(path: source)))
    #expect(!kernels.isEmpty)
    for kernel in kernels {
      let mismatch = CaseSet.firstMismatch(of: kernel, peers: kernels)
      #expect(mismatch == nil, "\(mismatch.map(String.init(describing:)) ?? "")")
    }
  }

  @Test func missingFile() {
    #expect(throws: KernelError.self) { try Kernel.plugin(at: "no/such/plug-in.so") }
    #expect(reason { try Kernel.plugin(at: "no/such/plug-in.so") }.contains("no/such/plug-in.so"))
  }

  @Test func noEntry() throws {
    let path = try PluginFixture.build(
      text: "int unrelated(void);\nint unrelated(void) { return 1; }\n")
    #expect(reason { try Kernel.plugin(at: path) }.contains("mpgemm_plugin"))
  }

  @Test func refusesThisHost() throws {
    let path = try plugin(list: "(void)host_abi, (void)kernels, NULL")
    #expect(throws: KernelError.pluginRefused(path: path, host: 1)) {
      try Kernel.plugin(at: path)
    }
  }

  @Test func duplicateName() throws {
    let path = try plugin(list: "host_abi ? kernels : NULL", kernels: "&sound, &sound, NULL")
    #expect(throws: KernelError.duplicateName("mutant_sound_portable")) {
      try Kernel.plugin(at: path)
    }
  }

  @Test func nameOfABuiltInKernel() throws {
    let taken = try #require(Kernel.all.first)
    let path = try plugin(
      change: "changed.name = \"\(taken.name)\", changed.family = \"\(taken.family)\"")
    #expect(throws: KernelError.duplicateName(taken.name)) { try Kernel.plugin(at: path) }
  }

  @Test func newerContract() throws {
    let path = try plugin(change: "changed.abi = 999")
    #expect(reason { try Kernel.plugin(at: path) }.contains("999"))
  }

  @Test func olderDescriptor() throws {
    let path = try plugin(change: "changed.size = 8")
    #expect(reason { try Kernel.plugin(at: path) }.contains("8 bytes"))
  }

  @Test(arguments: [
    "changed.compute = NULL", "changed.unpack = NULL", "changed.layout = NULL",
    "changed.packed_align = 24", "changed.activation = 77", "changed.weights = 77",
    "changed.bits_per_weight = 0", "changed.tolerance = -1", "changed.family = \"other\"",
  ])
  func invalidDescriptor(_ change: String) throws {
    let path = try plugin(change: change)
    do {
      Issue.record("\(change): no error, kernels \(try Kernel.plugin(at: path))")
    } catch KernelError.invalidDescriptor {
      // As it should be.
    }
  }

  /// A plug-in whose one kernel is the sound one with a field changed.
  private func plugin(change: String) throws -> String {
    try plugin(
      list: "host_abi ? (changed = sound, \(change), kernels) : NULL", kernels: "&changed, NULL")
  }

  private func plugin(list: String, kernels: String = "&sound, NULL") throws -> String {
    try PluginFixture.build(
      text: """
        #include "sound.h"
        MUTANT(sound, EXACT, pack, unpack, plan, prepare, compute, count);
        mpgemm_kernel changed;
        const mpgemm_kernel *const *mpgemm_plugin(uint32_t host_abi) {
          static const mpgemm_kernel *const kernels[] = {\(kernels)};
          return \(list);
        }

        """)
  }

  private func reason(_ body: () throws -> [Kernel]) -> String {
    do {
      return "no error, kernels \(try body())"
    } catch {
      return "\(error)"
    }
  }
}
