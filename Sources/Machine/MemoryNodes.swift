// MemoryNodes.swift: the NUMA nodes of the machine, and on which of them memory lies.

import CMachine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where the pages of a block of memory are to come from.
public enum MemoryPlacement: String, Sendable, CaseIterable {
  /// From the node of the thread that writes a page first, as Linux does by itself.
  case firstTouch = "first-touch"
  /// From the node of the first processor that is used.
  case bind
  /// From all nodes whose processors are used, page by page in turn.
  case interleave
  /// A copy of all of it on each node whose processors are used, so that each thread reads its own node's.
  case replicate
}

/// The memory nodes and the processors that are near to each.
public struct MemoryNodes: Sendable, Equatable {
  /// The processors of each node, by the node's number.
  public let processors: [Int: [Int]]

  /// What is said of a system that lists no nodes: its memory is one.
  public static let single = MemoryNodes(processors: [:])

  /// Reads `/sys/devices/system/node`; no library is needed.
  public static func read(root: String = "/") -> Availability<MemoryNodes> {
    let files = SystemFiles(root: root)
    let folder = "/sys/devices/system/node"
    return files.cpuList("\(folder)/online").flatMap { online in
      var processors: [Int: [Int]] = [:]
      for node in online {
        switch files.cpuList("\(folder)/node\(node)/cpulist") {
        case .unavailable(let reason): return .unavailable(reason: reason)
        case .value(let own): processors[node] = own
        }
      }
      return .value(MemoryNodes(processors: processors))
    }
  }

  /// How many nodes there are, at least one.
  public var count: Int { max(1, processors.count) }

  /// The nodes that a placement names, for the processors that are used, the first one first.
  public func nodes(of placement: MemoryPlacement, processors used: [Int]) -> [Int] {
    let all = used.compactMap { cpu in processors.first { $0.value.contains(cpu) }?.key }
    switch placement {
    case .firstTouch: return []
    case .bind: return Array(all.prefix(1))
    case .interleave, .replicate: return Set(all).sorted()
    }
  }

  /// Which of a placement's nodes each of the processors is near to, by its index among them.
  public func nearest(of placement: MemoryPlacement, processors used: [Int]) -> [Int] {
    let nodes = nodes(of: placement, processors: used)
    return used.map { cpu in
      nodes.firstIndex { processors[$0]?.contains(cpu) == true } ?? 0
    }
  }

  /// Orders memory that has not been touched to come from some nodes; none leaves it to the system.
  ///
  /// - Returns: Why it cannot be ordered, or nil.
  public static func place(
    _ memory: Range<UInt>, on nodes: [Int], interleaved: Bool
  ) -> String? {
    guard let most = nodes.max(), !memory.isEmpty else { return nil }
    var mask = [UInt64](repeating: 0, count: most / 64 + 1)
    for node in nodes { mask[node / 64] |= 1 << UInt64(node % 64) }
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let begin = memory.lowerBound / page * page
    let code = cmachine_place_memory(
      UInt64(begin), Int(memory.upperBound - begin), interleaved ? 1 : 0, mask, mask.count)
    return code == 0 ? nil : "mbind: \(String(cString: strerror(code)))"
  }

  /// The share of memory's pages on each node, from up to 1024 pages spread over it.
  public static func shares(of memory: Range<UInt>) -> Availability<[Int: Double]> {
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let count = (UInt(memory.count) + page - 1) / page
    let step = max(1, count / 1024) * page
    var pages = stride(from: memory.lowerBound / page * page, to: memory.upperBound, by: Int(step))
      .map { UnsafeMutableRawPointer(bitPattern: $0) }
    var nodes = [Int32](repeating: -1, count: pages.count)
    let code = cmachine_memory_nodes(&pages, pages.count, &nodes)
    guard code == 0 else {
      return .unavailable(reason: "move_pages: \(String(cString: strerror(code)))")
    }
    let known = nodes.filter { $0 >= 0 }
    guard !known.isEmpty else { return .unavailable(reason: "move_pages: no page is in memory") }
    let counts = Dictionary(known.map { (Int($0), 1.0) }, uniquingKeysWith: +)
    return .value(counts.mapValues { $0 / Double(known.count) })
  }
}
