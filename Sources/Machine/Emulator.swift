// Emulator.swift: whether the processor that this program sees is a program itself.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A program, such as qemu-user, that executes this one's instructions in software.
public struct Emulator: Sendable, Equatable, Codable {
  /// The emulator's file: "qemu-aarch64".
  public let name: String
  /// The processor that it was told to be: "neoverse-n1"; nil: its default.
  public let processor: String?

  /// "neoverse-n1, emulated by qemu-aarch64".
  public var description: String {
    "\(processor ?? "its default processor"), emulated by \(name)"
  }
}

extension Emulator {
  /// Asks the system which program this process runs.
  ///
  /// An emulator shows the program that it runs as `/proc/self/exe`, and answers for few names else. By
  /// way of the process's first thread the system itself answers, and names the emulator.
  ///
  /// - Parameter root: Where the system's file tree begins.
  /// - Returns: The emulator, nil without one, or why that is unknown.
  public static func read(root: String = "/") -> Availability<Emulator?> {
    let files = SystemFiles(root: root)
    let thread = "/proc/self/task/\(getpid())"
    return files.link("/proc/self/exe").flatMap { shown in
      files.link("\(thread)/exe").map { real in
        guard real != shown else { return nil }
        let words = files.text("\(thread)/cmdline").value?.split(separator: "\0") ?? []
        return Emulator(
          name: real.split(separator: "/").last.map(String.init) ?? real,
          processor: processor(words.map(String.init)))
      }
    }
  }

  /// What follows `-cpu` before the emulated program's own words begin.
  private static func processor(_ words: [String]) -> String? {
    guard let option = words.firstIndex(of: "-cpu"), option + 1 < words.count else { return nil }
    return words[option + 1]
  }
}

extension SystemFiles {
  /// Where a symbolic link leads.
  func link(_ path: String) -> Availability<String> {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(onDisk(path), &target, target.count)
    guard count >= 0 else {
      return .unavailable(reason: FileFailure(path: path, code: errno).description)
    }
    return .value(
      String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
}
