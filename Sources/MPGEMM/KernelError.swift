/// Why a kernel cannot be had.
public enum KernelError: Error, Equatable, CustomStringConvertible {
  case incompatibleABI(name: String, abi: Int, size: Int, host: Int)
  case invalidDescriptor(name: String, field: String)
  case duplicateName(String)
  case pluginNotLoadable(path: String, reason: String)
  case pluginRefused(path: String, host: Int)

  public var description: String {
    switch self {
    case .incompatibleABI(let name, let abi, let size, let host):
      "kernel \(name): contract ABI \(abi) (descriptor of \(size) bytes) does not fit this host's ABI "
        + "\(host); rebuild it against this version's mpgemm_kernel.h"
    case .invalidDescriptor(let name, let field):
      "kernel \(name): invalid descriptor: \(field); see docs/contract.md"
    case .duplicateName(let name):
      "kernel \(name): the name is taken by another kernel; give the plug-in's kernel its own name"
    case .pluginNotLoadable(let path, let reason):
      "plug-in \(path): cannot be loaded: \(reason); build it as a shared library that exports "
        + "mpgemm_plugin (see plugins/example)"
    case .pluginRefused(let path, let host):
      "plug-in \(path): needs a newer contract than this host's ABI \(host); update ternbench"
    }
  }
}
