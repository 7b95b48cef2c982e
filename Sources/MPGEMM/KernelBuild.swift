internal import CKernels

/// How the kernels of this build were compiled.
public enum KernelBuild {
  /// The C compiler's own version text.
  public static var compiler: String { String(cString: mpgemm_build_compiler()) }

  /// The flags that the package gave the compiler, for release builds.
  public static var flags: String { String(cString: mpgemm_build_flags()) }
}
