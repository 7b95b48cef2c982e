// OperatingSystem.swift: the kernel, and the settings of it that move a measurement.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The operating system and its settings.
public struct OperatingSystem: Sendable, Equatable, Codable {
  /// "Debian GNU/Linux 12 (bookworm)".
  public let distribution: Availability<String>
  /// "6.1.0-18-amd64".
  public let kernelRelease: Availability<String>
  /// The size of an ordinary page in bytes.
  public let pageBytes: Int
  /// When the kernel uses transparent huge pages: "always", "madvise" or "never".
  public let transparentHugePages: Availability<String>
  /// The memory of the machine in bytes.
  public let memoryBytes: Availability<Int>
  /// The level that decides which counters a user may read; 2 and above hide the kernel, 3 everything.
  public let perfEventParanoid: Availability<Int>
}

extension OperatingSystem {
  /// Reads the system's description and settings.
  public static func read(root: String = "/") -> OperatingSystem {
    let files = SystemFiles(root: root)
    return OperatingSystem(
      distribution: distribution(files),
      kernelRelease: files.text("/proc/sys/kernel/osrelease"),
      pageBytes: Int(sysconf(Int32(_SC_PAGESIZE))),
      transparentHugePages: transparentHugePages(files),
      memoryBytes: memoryBytes(files),
      perfEventParanoid: files.integer("/proc/sys/kernel/perf_event_paranoid"))
  }

  /// The most memory in bytes that this process has held at once; nil where the system does not say.
  public static var peakResidentBytes: Int? {
    var usage = rusage()
    // Glibc imports the constant as an enumeration, which its own function does not take.
    #if canImport(Glibc)
    let this = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
    let this = RUSAGE_SELF
    #endif
    guard getrusage(this, &usage) == 0 else { return nil }
    #if canImport(Darwin)
    return Int(usage.ru_maxrss)
    #else
    return Int(usage.ru_maxrss) * 1024
    #endif
  }

  private static func distribution(_ files: SystemFiles) -> Availability<String> {
    let path = "/etc/os-release"
    return files.text(path).flatMap { text in
      let key = "PRETTY_NAME="
      guard let line = text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix(key) })
      else { return .unavailable(reason: "\(path): no PRETTY_NAME") }
      return .value(line.dropFirst(key.count).filter { $0 != "\"" })
    }
  }

  /// The mode in force is the one in brackets: "always [madvise] never".
  private static func transparentHugePages(_ files: SystemFiles) -> Availability<String> {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled"
    return files.text(path).flatMap { text in
      guard let open = text.firstIndex(of: "["), let close = text[open...].firstIndex(of: "]")
      else { return files.unexpected(text, at: path, expected: "a mode in brackets") }
      return .value(String(text[text.index(after: open)..<close]))
    }
  }

  private static func memoryBytes(_ files: SystemFiles) -> Availability<Int> {
    let path = "/proc/meminfo"
    return files.text(path).flatMap { text in
      guard let bytes = text.field("MemTotal").flatMap(parseKilobytes) else {
        return .unavailable(reason: "\(path): no MemTotal in kB")
      }
      return .value(bytes)
    }
  }
}

/// Parses procfs's "24123456 kB" into bytes; its kB is 1024 bytes.
func parseKilobytes(_ text: some StringProtocol) -> Int? {
  let words = text.split(separator: " ")
  guard words.count == 2, words[1] == "kB" else { return nil }
  return Int(words[0]).map { $0 * 1024 }
}
