// PtracePermission.swift: whether this process may single-step its own children.

/// How far the Yama security module lets processes trace each other.
public struct PtracePermission: Sendable, Equatable, Codable {
  /// `kernel.yama.ptrace_scope`, 0 to 3; nil where the kernel has no Yama, which restricts nothing.
  public let scope: Int?
}

extension PtracePermission {
  /// Reads Yama's level; at 3 no process traces another, not even its own child.
  public static func read(root: String = "/") -> Availability<PtracePermission> {
    let path = "/proc/sys/kernel/yama/ptrace_scope"
    let files = SystemFiles(root: root)
    guard case .success = files.contents(path) else {
      return .value(PtracePermission(scope: nil))
    }
    return files.integer(path).flatMap { scope in
      scope < nobody
        ? .value(PtracePermission(scope: scope))
        : .unavailable(
          reason: "\(path) is \(scope): nobody may trace, which only a restart can change")
    }
  }

  private static let nobody = 3
}
