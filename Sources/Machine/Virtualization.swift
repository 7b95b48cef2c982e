// Virtualization.swift: whether a hypervisor stands between us and the hardware.

/// Whether this is a virtual machine, and whose.
public struct Virtualization: Sendable, Equatable, Codable {
  /// Whether the machine says that it is virtual; a hypervisor that hides is not seen.
  public let isGuest: Availability<Bool>
  /// The name of the hypervisor or of the machine that it pretends to be: "xen", "QEMU Standard PC".
  public let product: Availability<String>
}

extension Virtualization {
  /// Reads the CPU's `hypervisor` flag, `/sys/hypervisor`, the device tree and the firmware's name.
  public static func read(root: String = "/") -> Virtualization {
    let files = SystemFiles(root: root)
    return Virtualization(isGuest: isGuest(files), product: product(files))
  }

  private static func isGuest(_ files: SystemFiles) -> Availability<Bool> {
    if hypervisor(files).value != nil { return .value(true) }
    let path = "/proc/cpuinfo"
    return files.text(path).flatMap { info in
      guard let flags = info.field("flags") else {
        return .unavailable(reason: "\(path): no flags; only x86 CPUs tell")
      }
      return .value(flags.split(separator: " ").contains("hypervisor"))
    }
  }

  private static func product(_ files: SystemFiles) -> Availability<String> {
    if let name = hypervisor(files).value { return .value(name) }
    let vendor = files.text("/sys/class/dmi/id/sys_vendor")
    let name = files.text("/sys/class/dmi/id/product_name")
    let words = [vendor.value, name.value].compactMap(\.self).filter { !$0.isEmpty }
    return words.isEmpty
      ? .unavailable(reason: vendor.reason ?? "/sys/class/dmi/id: no names")
      : .value(words.joined(separator: " "))
  }

  /// What the kernel calls its hypervisor: Xen has a folder, KVM on ARM an entry in the device tree.
  private static func hypervisor(_ files: SystemFiles) -> Availability<String> {
    let type = files.text("/sys/hypervisor/type")
    if type.value != nil { return type }
    return files.text("/proc/device-tree/hypervisor/compatible").map {
      $0.filter { $0 != "\0" }
    }
  }
}
