internal import MPGEMM
internal import Results

/// Kernels that take turns with each other: their pools fit into memory together.
///
/// Every group of a sweep has the anchor, so that there is one kernel to compare across groups by.
struct SweepGroup {
  /// From 1.
  let number: Int
  /// How many groups the target's kernels were split into.
  let count: Int
  let kernels: [Kernel]
  /// In every group; its row comes from the first, its samples and its failures from each.
  let anchor: Kernel

  /// Whether a kernel that ended so in this group has a row there.
  func hasRow(_ kernel: Kernel, _ status: Status) -> Bool {
    number == 1 || kernel != anchor || status == .failed
  }

  /// Splits kernels so that the pools of a group fit a budget; layouts stay together.
  ///
  /// A matrix is copied until `poolBytes` are filled, a ring's blocks while they do not fill more.
  static func split(
    _ kernels: [Kernel], outFeatures: Int, inFeatures: Int, poolBytes: Int, budget: Int,
    isRing: Bool = false
  ) -> [SweepGroup] {
    guard let anchor = anchor(of: kernels) else { return [] }
    let bytes = { (kernel: Kernel) in
      // What the kernel would say is asked of it in its own process only.
      let packed = Double(outFeatures) * Double(inFeatures) * kernel.bitsPerWeight / 8
      return isRing ? min(poolBytes, Int(packed * 1.1)) : max(poolBytes, Int(packed * 1.1))
    }
    let layouts = kernels.map(\.layout).filter { $0 != anchor.layout }.uniqued()
    var groups = [kernels.filter { $0.layout == anchor.layout }]
    var filled = bytes(anchor)
    for layout in layouts {
      let same = kernels.filter { $0.layout == layout }
      if filled + bytes(same[0]) > budget {
        groups.append([anchor])
        filled = bytes(anchor)
      }
      groups[groups.count - 1] += same
      filled += bytes(same[0])
    }
    return groups.indices.map { index in
      SweepGroup(
        number: index + 1, count: groups.count,
        kernels: kernels.filter(groups[index].contains), anchor: anchor)
    }
  }

  /// A kernel that is neither the slowest kind nor an approximation, and the same in every run.
  private static func anchor(of kernels: [Kernel]) -> Kernel? {
    kernels.first { $0.isLossless && !$0.requiredISA.isEmpty }
      ?? kernels.first(where: \.isLossless) ?? kernels.first
  }
}

extension Array where Element: Hashable {
  /// The elements without those that have come before.
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
