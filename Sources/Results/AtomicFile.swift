internal import Foundation

/// Whole files that are there or not, never half.
public enum AtomicFile {
  /// Writes a whole file: into a temporary one beside it, synced, then renamed over it.
  public static func write(_ text: String, to path: String) throws {
    let temporary = "\(path).tmp-\(getpid())"
    do {
      let file = try OpenFile(temporary, flags: O_WRONLY | O_CREAT | O_TRUNC, shownAs: path)
      try file.write(Array(text.utf8))
      try file.sync()
      guard rename(temporary, path) == 0 else {
        throw OpenFile.failure(path, "cannot rename to it")
      }
    } catch {
      unlink(temporary)
      throw error
    }
    try OpenFile.syncFolder(of: path)
  }
}

/// An open file descriptor, closed with its owner.
final class OpenFile {
  private let descriptor: Int32
  private let path: String

  /// Opens a file; errors speak of `shownAs`, the file the user knows.
  init(_ path: String, flags: Int32, shownAs: String? = nil) throws {
    self.path = shownAs ?? path
    descriptor = open(path, flags | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw OpenFile.failure(self.path, "cannot open") }
  }

  deinit { close(descriptor) }

  /// Writes all bytes at the end of what was written before, in one call where the system lets it.
  func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw OpenFile.failure(path, "cannot write") }
      rest = rest.dropFirst(written)
    }
  }

  /// The size in bytes.
  func size() throws -> off_t {
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw OpenFile.failure(path, "cannot find its end") }
    return end
  }

  /// Cuts the file back to a size; best effort, as it follows a failure that is reported already.
  func cut(to size: off_t) { _ = ftruncate(descriptor, size) }

  /// Waits until the bytes are on the device.
  func sync() throws {
    guard fsync(descriptor) == 0 else { throw OpenFile.failure(path, "cannot sync") }
  }

  /// All bytes of a file.
  static func contents(_ path: String) throws -> [UInt8] {
    let file = try OpenFile(path, flags: O_RDONLY)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(file.descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure(path, "cannot read") }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  /// Waits until a file's name in its folder is on the device.
  static func syncFolder(of path: String) throws {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    try OpenFile(folder, flags: O_RDONLY | O_DIRECTORY).sync()
  }

  /// The error for what the system has just refused, from `errno`.
  static func failure(_ path: String, _ what: String) -> ResultsError {
    let code = errno
    let remedy =
      switch code {
      case ENOENT: "check the path"
      case EACCES, EPERM, EROFS: "choose a folder you may write to, or change its permissions"
      case ENOSPC, EDQUOT: "free some space and run again"
      case ENOTDIR, EISDIR, EEXIST: "choose another path"
      default: "check the disk and the path"
      }
    return ResultsError(
      .io, file: path, reason: "\(what): \(String(cString: strerror(code)))", remedy: remedy)
  }
}
