import MPGEMM
import Testing
import Verification

/// The registry is the list of tests: no test names a kernel.
@Suite struct Conformance {
  private static let runnable = Kernel.all.filter(\.isRunnable)
  private static let unsupported = Kernel.all.filter { !$0.isRunnable }
  // Not within @Test: Swift 6.0's compiler asserts on an interpolation in a macro's argument.
  private static let unsupportedReasons =
    "this CPU cannot check every kernel: "
    + unsupported.map {
      "\($0.name) needs \($0.missingISA.names.joined(separator: ", "))"
    }.joined(separator: "; ")

  @Test(arguments: runnable)
  func keepsTheContract(_ kernel: Kernel) {
    let mismatch = CaseSet.firstMismatch(of: kernel)
    #expect(mismatch == nil, "\(mismatch.map(String.init(describing:)) ?? "")")
  }

  /// Skipped with the kernels' names and what this CPU lacks, if any cannot run here.
  @Test(.enabled(if: unsupported.isEmpty, Comment(rawValue: unsupportedReasons)))
  func runsEveryKernel() {
    #expect(Self.runnable.count == Kernel.all.count)
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
