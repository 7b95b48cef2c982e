// PageKind.swift: whether a buffer really lies on the huge pages that were asked for.

/// The pages behind a range of memory.
public enum PageKind: Sendable, Equatable, CustomStringConvertible {
  /// All pages have this size in bytes.
  case uniform(bytes: Int)
  /// Huge pages and ordinary ones.
  case mixed

  /// "2M", "4K" or "mixed".
  public var description: String {
    switch self {
    case .uniform(let bytes) where bytes % (1 << 20) == 0: "\(bytes >> 20)M"
    case .uniform(let bytes): "\(bytes >> 10)K"
    case .mixed: "mixed"
    }
  }
}

extension PageKind {
  /// Finds the kind of page behind a range of this process's memory.
  ///
  /// The kernel answers per mapping, so the pages of a whole mapping that the range touches are counted.
  /// The ends of a mapping that no huge page fits do not make it mixed.
  ///
  /// - Parameters:
  ///   - address: The first byte.
  ///   - byteCount: How many bytes follow.
  ///   - root: Where the system's file tree begins.
  /// - Returns: The kind, or a reason: no such mapping, or nothing of it is in memory yet.
  public static func read(
    address: UInt, byteCount: Int, root: String = "/"
  ) -> Availability<PageKind> {
    let files = SystemFiles(root: root)
    let range = address..<address + UInt(max(1, byteCount))
    return files.text("/proc/self/smaps").flatMap { text in
      let mappings = Mapping.all(text).filter { $0.range.overlaps(range) }
      guard !mappings.isEmpty else {
        return .unavailable(reason: "/proc/self/smaps: no mapping holds the range")
      }
      let explicit = mappings.filter { $0.pageBytes > ordinaryLimit }
      if let first = explicit.first {
        let same = mappings.allSatisfy { $0.pageBytes == first.pageBytes }
        return .value(same ? .uniform(bytes: first.pageBytes) : .mixed)
      }
      return transparent(mappings, files)
    }
  }

  /// Above this a mapping's own page size means hugetlbfs; ARM kernels have ordinary pages of 64 KiB.
  private static let ordinaryLimit = 64 << 10

  private static func transparent(
    _ mappings: [Mapping], _ files: SystemFiles
  ) -> Availability<PageKind> {
    guard mappings.contains(where: { $0.residentBytes > 0 }) else {
      return .unavailable(reason: "/proc/self/smaps: nothing of the range is resident")
    }
    let huge = mappings.map(\.hugeBytes).reduce(0, +)
    if huge == 0 { return .value(.uniform(bytes: mappings[0].pageBytes)) }
    return files.integer("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size").map { size in
      let possible = mappings.map { $0.possibleHugeBytes(ofSize: size) }.reduce(0, +)
      return huge >= possible ? .uniform(bytes: size) : .mixed
    }
  }
}

/// One mapping of /proc/self/smaps.
private struct Mapping {
  var range: Range<UInt>
  var pageBytes = 0
  var residentBytes = 0
  /// Pages mapped by one huge entry; intermediate sizes (multi-size THP) are not told apart from 4K.
  var hugeBytes = 0

  func possibleHugeBytes(ofSize size: Int) -> Int {
    let unit = UInt(size)
    let first = (range.lowerBound + unit - 1) / unit
    let last = range.upperBound / unit
    return last > first ? Int((last - first) * unit) : 0
  }

  /// A mapping is a line "begin-end permissions …" and the "Key: value kB" lines up to the next.
  static func all(_ smaps: String) -> [Mapping] {
    var mappings: [Mapping] = []
    for line in smaps.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      if let range = words.first.flatMap({ bounds($0) }) {
        mappings.append(Mapping(range: range))
      } else if let last = mappings.indices.last, words.count == 3,
        let bytes = parseKilobytes("\(words[1]) \(words[2])")
      {
        mappings[last].add(key: words[0], bytes: bytes)
      }
    }
    return mappings
  }

  private static func bounds(_ word: Substring) -> Range<UInt>? {
    let ends = word.split(separator: "-")
    guard ends.count == 2, let begin = UInt(ends[0], radix: 16), let end = UInt(ends[1], radix: 16),
      begin < end
    else { return nil }
    return begin..<end
  }

  private mutating func add(key: Substring, bytes: Int) {
    switch key {
    case "KernelPageSize:": pageBytes = bytes
    case "Rss:": residentBytes = bytes
    case "AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:": hugeBytes += bytes
    default: break
    }
  }
}
