internal import MPGEMM

/// The pools of a group's kernels, by layout, and why some could not be packed.
struct GroupHosts {
  private var hosts: [String: any PoolHost] = [:]
  /// By kernel: one that dies while it packs leaves its layout to the others.
  private var failures: [String: WorkerFailure] = [:]

  /// Opens a pool for each layout.
  ///
  /// - Parameters:
  ///   - kernels: The group; of each layout the first kernel that can packs.
  ///   - open: Packs a pool with a kernel.
  init(for kernels: [Kernel], open: (Kernel) throws(WorkerFailure) -> any PoolHost) {
    for kernel in kernels where hosts[kernel.layout] == nil {
      do {
        hosts[kernel.layout] = try open(kernel)
      } catch {
        failures[kernel.name] = error
      }
    }
  }

  /// The layouts that have a pool, in order of their names.
  var layouts: [String] { hosts.keys.sorted() }

  subscript(layout: String) -> (any PoolHost)? { hosts[layout] }

  /// The pool for a kernel, or why it is not to be had: a kernel that died packing is not tried again.
  func host(of kernel: Kernel) throws(WorkerFailure) -> any PoolHost {
    if let failure = failures[kernel.name] { throw failure }
    guard let host = hosts[kernel.layout] else {
      preconditionFailure("\(kernel.name): neither a pool nor a reason")
    }
    return host
  }
}
