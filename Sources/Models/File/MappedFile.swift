#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file mapped for reading, or bytes in memory or of the program itself that stand for one.
package final class MappedFile: Sendable {
  /// The path, for errors.
  package let path: String
  package let count: Int
  private let memory: Memory

  /// Maps a file.
  ///
  /// - Throws: `ModelFileError`, unreadable.
  package init(path: String) throws(ModelFileError) {
    func failure(_ reason: String) -> ModelFileError {
      ModelFileError(
        .unreadable, path: path, reason: "cannot be read: \(reason)",
        remedy: "check the path and its permissions")
    }
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw failure("is not a regular file") }
    self.path = path
    count = Int(status.st_size)
    guard count > 0 else {
      memory = Memory(start: nil, count: 0, origin: .program)
      return
    }
    let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let start, start != MAP_FAILED else { throw failure(String(cString: strerror(errno))) }
    memory = Memory(start: UnsafeRawPointer(start), count: count, origin: .mapped)
  }

  /// Copies bytes, so that reading past their end is reading past an allocation; as a file, they begin at a cache line.
  package init(bytes: some Collection<UInt8>, path: String) {
    self.path = path
    count = bytes.count
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
    copy.copyBytes(from: bytes)
    memory = Memory(
      start: copy.baseAddress.map { UnsafeRawPointer($0) }, count: bytes.count, origin: .allocated)
  }

  /// Takes bytes that are part of the program as they lie.
  init(program bytes: UnsafeRawBufferPointer, path: String) {
    self.path = path
    count = bytes.count
    memory = Memory(start: bytes.baseAddress, count: bytes.count, origin: .program)
  }

  /// Calls `body` with a part of the file.
  package func withBytes<Result>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "past the end of \(path)")
    return try body(
      UnsafeRawBufferPointer(
        rebasing: UnsafeRawBufferPointer(start: memory.start, count: count)[range]))
  }

  /// The memory, to which nothing writes, and how to give it back.
  private final class Memory: @unchecked Sendable {
    enum Origin {
      case mapped, allocated
      /// Nothing is given back.
      case program
    }

    let start: UnsafeRawPointer?
    private let count: Int
    private let origin: Origin

    init(start: UnsafeRawPointer?, count: Int, origin: Origin) {
      self.start = start
      self.count = count
      self.origin = origin
    }

    deinit {
      guard let start else { return }
      switch origin {
      case .mapped: munmap(UnsafeMutableRawPointer(mutating: start), count)
      case .allocated: start.deallocate()
      case .program: break
      }
    }
  }
}
