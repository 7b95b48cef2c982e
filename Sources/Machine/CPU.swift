// CPU.swift: what the processor calls itself.

/// The identity of the processor.
///
/// Virtual machines mask family and model, so results are compared by instruction sets, never by these.
public struct CPU: Sendable, Equatable, Codable {
  /// "AuthenticAMD", "GenuineIntel"; on ARM the implementer, "Arm (0x41)".
  public let vendor: Availability<String>
  /// The marketing name; on ARM the part number of each kind of core, "part 0xd0c".
  public let modelName: Availability<String>
  /// "family 26, model 2, stepping 1"; on ARM "architecture 8, variant 0x3, revision 1".
  public let family: Availability<String>
  /// The instruction sets that kernels may use here, as the caller named them.
  public let isa: [String]
}

extension CPU {
  /// Reads `/proc/cpuinfo`.
  ///
  /// - Parameters:
  ///   - isa: The names of the usable instruction sets; this module does not probe the processor.
  ///   - root: Where the system's file tree begins.
  /// - Returns: The identity, x86's or ARM's as the file has it.
  public static func read(isa: [String], root: String = "/") -> CPU {
    let path = "/proc/cpuinfo"
    let info = SystemFiles(root: root).text(path)
    func fact(_ name: String, _ extract: (String) -> String?) -> Availability<String> {
      info.flatMap { text in
        extract(text).map { .value($0) } ?? .unavailable(reason: "\(path): no \(name)")
      }
    }
    // One layout has "vendor_id", the other "CPU implementer": the text tells them apart, not the build.
    return CPU(
      vendor: fact("vendor_id or CPU implementer") {
        $0.field("vendor_id") ?? $0.field("CPU implementer").map(implementer)
      },
      modelName: fact("model name or CPU part") { $0.field("model name") ?? parts($0) },
      family: fact("cpu family or CPU architecture") { x86Family($0) ?? armFamily($0) },
      isa: isa)
  }

  private static func x86Family(_ info: String) -> String? {
    guard let family = info.field("cpu family") else { return nil }
    return described([
      ("family", family), ("model", info.field("model")), ("stepping", info.field("stepping")),
    ])
  }

  private static func armFamily(_ info: String) -> String? {
    guard let architecture = info.field("CPU architecture") else { return nil }
    return described([
      ("architecture", architecture), ("variant", info.field("CPU variant")),
      ("revision", info.field("CPU revision")),
    ])
  }

  private static func described(_ pairs: [(name: String, value: String?)]) -> String {
    pairs.compactMap { pair in pair.value.map { "\(pair.name) \($0)" } }.joined(separator: ", ")
  }

  /// Each kind of core once, in the order of the first of its kind: big.LITTLE machines have several.
  private static func parts(_ info: String) -> String? {
    var kinds: [String] = []
    for part in info.fields("CPU part") where !kinds.contains(part) {
      kinds.append(part)
    }
    return kinds.isEmpty ? nil : "part " + kinds.joined(separator: " and ")
  }

  /// Names from Linux's arch/arm64/include/asm/cputype.h.
  private static func implementer(_ code: String) -> String {
    let names = [
      "0x41": "Arm", "0x42": "Broadcom", "0x43": "Cavium", "0x46": "Fujitsu", "0x48": "HiSilicon",
      "0x4e": "NVIDIA", "0x51": "Qualcomm", "0x61": "Apple", "0x6d": "Microsoft", "0xc0": "Ampere",
    ]
    return names[code].map { "\($0) (\(code))" } ?? code
  }
}
