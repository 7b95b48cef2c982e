internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension Kernel {
  /// Every kernel of this build, family by family in the order of `kernels/families.h`.
  ///
  /// A built-in descriptor that breaks the contract is a programming error and traps here.
  public static let all: [Kernel] = {
    do {
      return try (0..<mpgemm_family_count()).flatMap { index in
        try kernels(of: mpgemm_family_at(index))
      }
    } catch {
      fatalError("\(error)")
    }
  }()

  /// The kernels of a plug-in: a shared library that exports `mpgemm_plugin`.
  ///
  /// The library stays loaded until the process ends.
  ///
  /// - Parameter path: The library's path; a bare name is taken from the working folder.
  /// - Returns: Its kernels, none of whose names is taken.
  /// - Throws: `KernelError` if it cannot be loaded, refuses this host, or breaks the contract.
  public static func plugin(at path: String) throws -> [Kernel] {
    let file = path.contains("/") ? path : "./" + path
    guard let library = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
      throw KernelError.pluginNotLoadable(path: path, reason: lastLoaderError())
    }
    guard let symbol = dlsym(library, "mpgemm_plugin") else {
      throw KernelError.pluginNotLoadable(path: path, reason: lastLoaderError())
    }
    typealias Family = @convention(c) (UInt32) -> UnsafePointer<UnsafePointer<mpgemm_kernel>?>?
    guard let list = unsafeBitCast(symbol, to: Family.self)(UInt32(MPGEMM_ABI)) else {
      throw KernelError.pluginRefused(path: path, host: Int(MPGEMM_ABI))
    }
    let kernels = try kernels(of: list)
    var taken = Set(all.map(\.name))
    for kernel in kernels where !taken.insert(kernel.name).inserted {
      throw KernelError.duplicateName(kernel.name)
    }
    return kernels
  }

  private static func kernels(
    of list: UnsafePointer<UnsafePointer<mpgemm_kernel>?>?
  ) throws -> [Kernel] {
    var kernels: [Kernel] = []
    var next = list
    while let entry = next, let descriptor = entry.pointee {
      kernels.append(try Kernel(descriptor))
      next = entry + 1
    }
    return kernels
  }

  private static func lastLoaderError() -> String {
    dlerror().map { String(cString: $0) } ?? "unknown reason"
  }
}
