import Foundation
import MPGEMM
import Testing
import Verification

/// The registry is the list of tests: no test names a kernel.
@Suite struct Conformance {
  /// Instruction sets of which a kernel to check needs one, as `TERNBENCH_ISA` names them with commas.
  ///
  /// Where CPUs are emulated one after another, a kernel's instructions are the same on each that has them.
  private static let wanted =
    ProcessInfo.processInfo.environment["TERNBENCH_ISA"].map {
      Set($0.split(separator: ",").map(String.init))
    }
  private static let checked = Kernel.all.filter { kernel in
    kernel.isRunnable && wanted.map { !$0.isDisjoint(with: kernel.requiredISA.names) } ?? true
  }
  private static let unchecked = Kernel.all.filter { !checked.contains($0) }
  // Not within @Test: Swift 6.0's compiler asserts on an interpolation in a macro's argument.
  private static let uncheckedReasons: String = {
    let lacking = unchecked.filter { !$0.isRunnable }.map {
      "\($0.name) needs \($0.missingISA.names.joined(separator: ", "))"
    }
    let elsewhere = unchecked.filter(\.isRunnable).map {
      "TERNBENCH_ISA leaves \($0.name) to another CPU"
    }
    return "not every kernel is checked here: "
      + (lacking + elsewhere).joined(separator: "; ")
  }()

  @Test(arguments: checked)
  func keepsTheContract(_ kernel: Kernel) {
    let mismatch = CaseSet.firstMismatch(of: kernel)
    #expect(mismatch == nil, "\(mismatch.map(String.init(describing:)) ?? "")")
  }

  /// Skipped with the names of the kernels that are not checked, and why.
  @Test(.enabled(if: unchecked.isEmpty, Comment(rawValue: uncheckedReasons)))
  func checksEveryKernel() {
    #expect(Self.checked.count == Kernel.all.count)
  }

  /// An instruction set that this CPU lacks, or none that there is, would leave nothing to check.
  @Test func everyWantedISAHasAKernel() {
    let names = Set(Self.checked.flatMap(\.requiredISA.names))
    #expect(!Self.checked.isEmpty && names.isSuperset(of: Self.wanted ?? []), "\(names.sorted())")
  }

  @Test func hasKernels() {
    #expect(!Kernel.all.isEmpty)
  }

  /// `family[_variant]_isa`, and the ISA that the name says is the one that the kernel needs.
  @Test(arguments: Kernel.all)
  func hasAProperName(_ kernel: Kernel) throws {
    // As mpgemm_kernel.h numbers them.
    let names = ["portable", "avx2", "avxvnni", "avx512", "amx", "neon", "dotprod", "i8mm", "sve"]
    let bits = [
      "avx2": 0, "avx512": 1, "avxvnni": 2, "amx": 7, "neon": 16, "dotprod": 17, "i8mm": 18,
      "sve": 19,
    ]
    let needed = ISA(rawValue: bits[kernel.isaName].map { 1 << $0 } ?? 0)
    let pattern = try Regex("[a-z][a-z0-9]*(_[a-z0-9]+)*_(\(names.joined(separator: "|")))")
    let isProper =
      kernel.name.wholeMatch(of: pattern) != nil && kernel.name.hasPrefix(kernel.family + "_")
      && kernel.requiredISA.isSuperset(of: needed)
      && (kernel.isaName == "portable") == kernel.requiredISA.isEmpty
    #expect(isProper, "\(kernel.name) of family \(kernel.family) needs \(kernel.requiredISA.names)")
  }

  @Test func namesAreUnique() {
    #expect(Set(Kernel.all.map(\.name)).count == Kernel.all.count)
  }

  @Test(arguments: Set(Kernel.all.map(\.family)))
  func hasAPortableKernel(_ family: String) {
    #expect(Kernel.all.contains { $0.family == family && $0.isaName == "portable" })
  }
}
