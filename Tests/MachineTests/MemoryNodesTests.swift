import Foundation
import Testing

@testable import Machine

@Suite struct MemoryNodesTests {
  private static let twoNodes = [
    "/sys/devices/system/node/online": "0-1",
    "/sys/devices/system/node/node0/cpulist": "0-3,8-11",
    "/sys/devices/system/node/node1/cpulist": "4-7,12-15",
  ]

  @Test func placementsNameTheNodesOfTheProcessorsInUse() throws {
    let root = try FakeRoot(Self.twoNodes)
    let nodes = try #require(MemoryNodes.read(root: root.path).value)
    #expect(nodes.count == 2)
    #expect(nodes.nodes(of: .firstTouch, processors: [4, 0]) == [])
    #expect(nodes.nodes(of: .bind, processors: [4, 0]) == [1])
    #expect(nodes.nodes(of: .bind, processors: [9]) == [0])
    #expect(nodes.nodes(of: .interleave, processors: [4, 0, 5]) == [0, 1])
    // A container that may use one node's processors does not reach for the other's memory.
    #expect(nodes.nodes(of: .interleave, processors: [5, 12]) == [1])
    #expect(nodes.nodes(of: .replicate, processors: [4, 0, 5]) == [0, 1])
  }

  @Test func eachThreadHasTheReplicaOfItsNode() throws {
    let root = try FakeRoot(Self.twoNodes)
    let nodes = try #require(MemoryNodes.read(root: root.path).value)
    #expect(nodes.nearest(of: .replicate, processors: [0, 4, 9, 15]) == [0, 1, 0, 1])
    #expect(nodes.nearest(of: .replicate, processors: [4, 5]) == [0, 0])
    #expect(MemoryNodes.single.nearest(of: .replicate, processors: [0, 1]) == [0, 0])
  }

  @Test func aSystemWithoutNodesIsOne() throws {
    #expect(MemoryNodes.read(root: try FakeRoot([:]).path).value == nil)
    let nodes = MemoryNodes.single
    #expect(nodes.count == 1)
    for placement in MemoryPlacement.allCases {
      #expect(nodes.nodes(of: placement, processors: [0, 1]).isEmpty)
    }
  }

  /// Memory of this very machine, placed and asked for.
  @Test(arguments: MemoryPlacement.allCases)
  func whatWasWrittenLiesSomewhere(_ placement: MemoryPlacement) throws {
    let bytes = 8 << 20
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: page)
    defer { memory.deallocate() }
    let range = UInt(bitPattern: memory)..<UInt(bitPattern: memory) + UInt(bytes)
    let allowed = try #require(Topology.read().allowed.value)
    let nodes = MemoryNodes.read().value ?? .single
    let wanted = nodes.nodes(of: placement, processors: allowed)
    let refusal = MemoryNodes.place(range, on: wanted, interleaved: placement == .interleave)
    memory.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
    switch MemoryNodes.shares(of: range) {
    case .value(let shares):
      #expect(abs(shares.values.reduce(0, +) - 1) < 1e-9)
      if refusal == nil, !wanted.isEmpty { #expect(Set(shares.keys).isSubset(of: wanted)) }
    case .unavailable(let reason):
      // A sandbox may forbid the call; it has to say so.
      #expect(reason.contains("move_pages"))
    }
  }

  @Test func memoryThatNobodyWroteLiesNowhere() {
    let bytes = 1 << 20
    let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else { return }
    defer { munmap(start, bytes) }
    let begin = UInt(bitPattern: start)
    #expect(MemoryNodes.shares(of: begin..<begin + UInt(bytes)).value == nil)
  }
}
