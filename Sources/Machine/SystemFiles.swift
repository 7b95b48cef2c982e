// SystemFiles.swift: reads the small text files by which a kernel describes itself.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The files of `/sys`, `/proc` and `/etc`, below a root that a test may replace.
struct SystemFiles: Sendable {
  /// Where the tree begins: "/" on a machine, a temporary folder in a test.
  let root: String

  /// Reads a whole file, without the white space around its text.
  ///
  /// - Parameter path: An absolute path, as on the machine; reasons name it so.
  /// - Returns: The text, or the reason with the path.
  func text(_ path: String) -> Availability<String> {
    switch contents(path) {
    case .success(let text): .value(text)
    case .failure(let failure): .unavailable(reason: failure.description)
    }
  }

  /// Reads a whole file as `text` does, for a caller to whom the kind of failure matters.
  ///
  /// Reads until the end rather than by size: the files of procfs and sysfs say that they are empty.
  func contents(_ path: String) -> Result<String, FileFailure> {
    let descriptor = open(onDisk(path), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .failure(FileFailure(path: path, code: errno)) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return .failure(FileFailure(path: path, code: errno)) }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return .success(String(decoding: bytes, as: UTF8.self).trimmed)
  }

  /// Lists the names in a folder, sorted, without the dot entries.
  func names(in path: String) -> Result<[String], FileFailure> {
    guard let folder = opendir(onDisk(path)) else {
      return .failure(FileFailure(path: path, code: errno))
    }
    defer { closedir(folder) }
    // By address: an entry is only as long as its name, so its 256 bytes must not be copied whole.
    let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    var names: [String] = []
    while let entry = readdir(folder) {
      let bytes = UnsafeRawPointer(entry).advanced(by: nameOffset)
      let name = String(cString: bytes.assumingMemoryBound(to: CChar.self))
      if !name.hasPrefix(".") { names.append(name) }
    }
    return .success(names.sorted())
  }

  /// Reads a file that holds one number.
  func integer(_ path: String) -> Availability<Int> {
    text(path).flatMap { text in
      Int(text).map { .value($0) } ?? unexpected(text, at: path, expected: "a number")
    }
  }

  /// Reads a file that holds a list of CPUs: "0-3,8".
  func cpuList(_ path: String) -> Availability<[Int]> {
    text(path).flatMap { text in
      parseCPUList(text).map { .value($0) } ?? unexpected(text, at: path, expected: "a CPU list")
    }
  }

  /// The reason for text that is not what its file promises.
  func unexpected<Value>(
    _ text: some StringProtocol, at path: String, expected: String
  ) -> Availability<Value> {
    .unavailable(reason: "\(path): \"\(text.prefix(40))\" is not \(expected)")
  }

  /// The path on this disk.
  func onDisk(_ path: String) -> String {
    root == "/" ? path : root + path
  }
}

/// Why a file or folder could not be read.
struct FileFailure: Error, CustomStringConvertible {
  /// The path as on the machine, whatever the root.
  let path: String
  /// The errno.
  let code: Int32

  /// Whether the file is there, and only its permissions are in the way.
  var isDenied: Bool { code == EACCES || code == EPERM }

  /// The path and the system's words: "/proc/stat: No such file or directory".
  var description: String { "\(path): \(String(cString: strerror(code)))" }
}

extension StringProtocol {
  /// The text without white space at its ends.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }

  /// The value of the first "key: value" line with this key.
  func field(_ key: String) -> String? {
    fields(key).first
  }

  /// The values of all "key: value" lines with this key, in order.
  func fields(_ key: String) -> [String] {
    split(whereSeparator: \.isNewline).compactMap { line in
      guard let colon = line.firstIndex(of: ":"), line[..<colon].trimmed == key else { return nil }
      return line[line.index(after: colon)...].trimmed
    }
  }
}
