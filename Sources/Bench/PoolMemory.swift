internal import MPGEMM
internal import Machine

/// On which memory nodes a pool is to lie, and does.
struct PoolMemory {
  private let placement: MemoryPlacement
  private let nodes: MemoryNodes
  private let processors: [Int]

  /// Takes the placement that was asked for, and the processors in the order in which threads fill them.
  init(
    _ placement: MemoryPlacement, _ topology: Topology,
    nodes: MemoryNodes = MemoryNodes.read().value ?? .single
  ) {
    self.placement = placement
    self.nodes = nodes
    processors = topology.placement.value ?? topology.allowed.value ?? []
  }

  /// One copy of everything, or one for each node.
  var replicas: WeightReplicas {
    guard placement == .replicate else { return .one }
    return WeightReplicas(
      count: max(1, nodes.nodes(of: placement, processors: processors).count),
      ofThread: nodes.nearest(of: placement, processors: processors))
  }

  /// Orders where a replica's memory, not yet touched, is to come from; returns why it cannot, or nil.
  func order(_ memory: Range<UInt>, replica: Int) -> String? {
    let all = nodes.nodes(of: placement, processors: processors)
    return MemoryNodes.place(
      memory, on: placement == .replicate ? Array(all.dropFirst(replica).prefix(1)) : all,
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
