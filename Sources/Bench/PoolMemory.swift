internal import Machine

/// On which memory nodes a pool is to lie, and does.
struct PoolMemory {
  private let placement: MemoryPlacement
  private let nodes: MemoryNodes
  private let processors: [Int]

  /// Takes the placement that was asked for, and the processors in the order in which threads fill them.
  init(_ placement: MemoryPlacement, _ topology: Topology) {
    self.placement = placement
    nodes = MemoryNodes.read().value ?? .single
    processors = topology.placement.value ?? topology.allowed.value ?? []
  }

  /// Orders where memory that has not been touched is to come from; returns why it cannot, or nil.
  func order(_ memory: Range<UInt>) -> String? {
    MemoryNodes.place(
      memory, on: nodes.nodes(of: placement, processors: processors),
      interleaved: placement == .interleave)
  }

  /// What was asked for and what was obtained, once memory has been written: "asked bind got node 0 of 2".
  func report(_ memory: Range<UInt>, refusal: String?) -> String {
    let asked = "asked \(placement.rawValue)" + (refusal.map { " refused (\($0))" } ?? "")
    switch MemoryNodes.shares(of: memory) {
    case .unavailable(let reason): return "\(asked) got unknown: \(reason)"
    case .value(let shares):
      let parts = shares.sorted { $0.key < $1.key }.map { node, share in
        shares.count == 1
          ? "node \(node)" : "node \(node) \(Int((100 * share).rounded()))%"
      }
      return "\(asked) got \(parts.joined(separator: " ")) of \(nodes.count)"
    }
  }
}
