#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A block of memory that kernels read and write, owned by one object and never resized.
///
/// It is `@unchecked Sendable`: the multiplication that uses it cuts the writes between threads.
public final class Buffer: @unchecked Sendable {
  /// How the memory is had.
  public enum Placement: Sendable, Hashable {
    /// Ordinary pages, aligned to a cache line.
    case ordinary
    /// Own pages that the kernel of the operating system is asked to make huge.
    case huge
    /// Own pages that end at an inaccessible page, so that reading past the end traps.
    case guarded

    /// Huge pages where so many bytes fill one; fewer would take a page's room, and no huge page.
    public static func forWeights(_ count: Int) -> Placement {
      count >= Buffer.hugePage ? .huge : .ordinary
    }
  }

  /// The size in bytes.
  public let count: Int
  public let placement: Placement

  let address: UnsafeMutableRawPointer
  /// Whether it lies in memory that is another's: a mapped file's.
  let isBorrowed: Bool
  /// Whose the memory is, kept for as long as the buffer.
  private let owner: AnyObject?
  private let mapping: (start: UnsafeMutableRawPointer, size: Int)?
  /// What this is a part of, kept for as long as the part.
  private let whole: Buffer?

  /// The alignment of every buffer, and the contract's alignment for all but packed weights.
  public static let alignment = 64
  private static let foreign = "memory of another's is not written"
  fileprivate static let hugePage = 2 << 20
  /// What memcpy takes for a page, whatever the operating system does.
  private static let page = 4096

  /// Allocates memory filled with zeros.
  ///
  /// - Parameters:
  ///   - count: The size in bytes; 0 is legal.
  ///   - placement: How the memory is had.
  ///   - alignment: A power of two; a guarded buffer ends less than this before its guard page.
  public init(count: Int, placement: Placement = .ordinary, alignment: Int = Buffer.alignment) {
    precondition(count >= 0 && alignment > 0 && alignment & (alignment - 1) == 0)
    self.count = count
    self.placement = placement
    whole = nil
    owner = nil
    isBorrowed = false
    switch placement {
    case .ordinary:
      let size = max(count, 1)
      address = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: max(alignment, 16))
      address.initializeMemory(as: UInt8.self, repeating: 0, count: size)
      mapping = nil
    case .huge:
      let map = Self.map(count + Self.hugePage)
      let base = UInt(bitPattern: map.start)
      let start = (base + UInt(Self.hugePage) - 1) / UInt(Self.hugePage) * UInt(Self.hugePage)
      address = map.start + Int(start - base)
      mapping = map
      #if os(Linux)
      madvise(address, count, MADV_HUGEPAGE)
      #endif
    case .guarded:
      let page = Int(sysconf(Int32(_SC_PAGESIZE)))
      let whole = (count + page - 1) / page * page
      let map = Self.map(page + whole + page)
      let start = map.start
      mprotect(start, page, PROT_NONE)
      mprotect(start + page + whole, page, PROT_NONE)
      address = start + page + (whole - count) / alignment * alignment
      mapping = map
    }
  }

  /// A part of another buffer.
  init(_ range: Range<Int>, of whole: Buffer) {
    precondition(range.lowerBound >= 0 && range.upperBound <= whole.count, "past the end")
    count = range.count
    placement = whole.placement
    address = whole.address + range.lowerBound
    mapping = nil
    self.whole = whole
    owner = nil
    isBorrowed = whole.isBorrowed
  }

  /// Takes memory as it lies, for reading alone, such as a part of a mapped file.
  ///
  /// `owner` keeps the memory, unmoved and unchanged, for as long as it lives; the buffer keeps the owner.
  package init(borrowing bytes: UnsafeRawBufferPointer, of owner: AnyObject) {
    guard let start = bytes.baseAddress else { preconditionFailure("no memory to borrow") }
    count = bytes.count
    placement = .ordinary
    address = UnsafeMutableRawPointer(mutating: start)
    mapping = nil
    whole = nil
    self.owner = owner
    isBorrowed = true
  }

  /// Copies buffers into one, each to the begin of a page, at offsets that follow from their sizes alone.
  ///
  /// libc's memcpy takes the steps that suit where its source and target lie: only at fixed offsets
  /// does it execute the same instructions in every run.
  static func pages(_ buffers: [Buffer], alignment: Int = Buffer.page) -> [Buffer] {
    let step = max(alignment, page)
    var end = 0
    let ranges = buffers.map { buffer in
      let start = end
      end += (buffer.count + step - 1) / step * step
      return start..<start + buffer.count
    }
    let whole = Buffer(count: end, alignment: step)
    return zip(buffers, ranges).map { buffer, range in
      whole.copy(buffer, at: range.lowerBound)
      return Buffer(range, of: whole)
    }
  }

  deinit {
    guard whole == nil, !isBorrowed else { return }
    if let mapping {
      munmap(mapping.start, mapping.size)
    } else {
      address.deallocate()
    }
  }

  /// Sets every byte.
  public func fill(_ byte: UInt8) {
    precondition(!isBorrowed, Self.foreign)
    memset(address, Int32(byte), count)
  }

  /// Copies all of another buffer's bytes to a position of this one.
  public func copy(_ other: Buffer, at offset: Int = 0) {
    precondition(offset >= 0 && offset + other.count <= count, "copy past the end of a buffer")
    precondition(!isBorrowed, Self.foreign)
    memcpy(address + offset, other.address, other.count)
  }

  /// Copies some of another buffer's bytes to a position of this one.
  public func copy(from other: Buffer, at begin: Int, count size: Int, to offset: Int) {
    precondition(begin >= 0 && size >= 0 && begin + size <= other.count, "copy from past the end")
    precondition(offset >= 0 && offset + size <= count, "copy past the end of a buffer")
    precondition(!isBorrowed, Self.foreign)
    memcpy(address + offset, other.address + begin, size)
  }

  /// Copies this buffer's first `size` bytes to a later position of it.
  func repeatStart(count size: Int, at offset: Int) {
    precondition(offset >= size && offset + size <= count, "copy past the end of a buffer")
    memcpy(address + offset, address, size)
  }

  /// Stores values one after another from the start, or from element `index`.
  public func store<Element: BitwiseCopyable>(_ values: [Element], at index: Int = 0) {
    let size = MemoryLayout<Element>.stride
    precondition(index >= 0 && (index + values.count) * size <= count, "store past the end")
    precondition(!isBorrowed, Self.foreign)
    values.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      memcpy(address + index * size, start, source.count)
    }
  }

  /// The values that the whole buffer holds.
  public func elements<Element: BitwiseCopyable>(of type: Element.Type) -> [Element] {
    let n = count / MemoryLayout<Element>.stride
    return [Element](unsafeUninitializedCapacity: n) { target, initialized in
      if let start = target.baseAddress {
        memcpy(start, address, n * MemoryLayout<Element>.stride)
      }
      initialized = n
    }
  }

  /// Some of the values that the buffer holds.
  public func elements<Element: BitwiseCopyable>(of type: Element.Type, _ range: Range<Int>)
    -> [Element]
  {
    let size = MemoryLayout<Element>.stride
    precondition(range.lowerBound >= 0 && range.upperBound * size <= count, "past the end")
    return [Element](unsafeUninitializedCapacity: range.count) { target, initialized in
      if let start = target.baseAddress, !range.isEmpty {
        memcpy(start, address + range.lowerBound * size, range.count * size)
      }
      initialized = range.count
    }
  }

  /// The position of the first byte that differs from another buffer's, nil if none does.
  public func firstDifference(from other: Buffer) -> Int? {
    precondition(count == other.count, "buffers of different size")
    guard memcmp(address, other.address, count) != 0 else { return nil }
    let a = UnsafeRawBufferPointer(start: address, count: count)
    let b = UnsafeRawBufferPointer(start: other.address, count: count)
    return a.indices.first { a[$0] != b[$0] }
  }

  private static func map(_ size: Int) -> (start: UnsafeMutableRawPointer, size: Int) {
    #if os(Linux)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    #else
    let flags = MAP_PRIVATE | MAP_ANON
    #endif
    let start = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let start, start != MAP_FAILED else {
      fatalError("cannot map \(size) bytes: \(String(cString: strerror(errno)))")
    }
    return (start, size)
  }
}
