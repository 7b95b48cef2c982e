// SystemFiles.swift: reads the small text files by which a kernel describes itself.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The files of `/sys`, `/proc` and `/etc`, below a root that a test may replace.
struct SystemFiles {
  /// Where the tree begins: "/" on a machine, a temporary folder in a test.
  let root: String

  /// Reads a whole file, without the white space around its text.
  ///
  /// Reads until the end rather than by size: the files of procfs and sysfs say that they are empty.
  ///
  /// - Parameter path: An absolute path, as on the machine; reasons name it so.
  /// - Returns: The text, or the reason with the path.
  func text(_ path: String) -> Availability<String> {
    let descriptor = open(root == "/" ? path : root + path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return failure(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return failure(path) }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return .value(String(decoding: bytes, as: UTF8.self).trimmed)
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

  private func failure<Value>(_ path: String) -> Availability<Value> {
    .unavailable(reason: "\(path): \(String(cString: strerror(errno)))")
  }
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
