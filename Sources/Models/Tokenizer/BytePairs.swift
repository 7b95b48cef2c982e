/// Merges the tokens of single bytes into longer ones, the most frequent pair of training first.
struct BytePairs: Sendable {
  /// A pair of tokens.
  struct Pair: Hashable, Sendable {
    let left: Int32
    let right: Int32
  }

  /// What a pair becomes, and how early: a lower rank is merged first.
  struct Merge: Sendable {
    let rank: Int32
    let token: Int32
  }

  private let merges: [Pair: Merge]

  init(_ merges: [Pair: Merge]) {
    self.merges = merges
  }

  /// Merges until no pair of neighbours can be merged.
  ///
  /// - Complexity: O(n log n), also for one piece of a million letters.
  func merged(_ tokens: [Int32]) -> [Int32] {
    guard tokens.count > 1 else { return tokens }
    // A list linked by positions; a merge keeps the left position and drops the right one.
    var tokens = tokens
    var next = Array(1...tokens.count)
    var previous = Array(-1..<tokens.count - 1)
    let end = tokens.count
    var queue = MergeQueue()
    func consider(_ left: Int, in tokens: [Int32], _ right: Int) {
      guard let merge = merges[Pair(left: tokens[left], right: tokens[right])] else { return }
      queue.insert(
        MergeQueue.Candidate(
          rank: merge.rank, position: left, left: tokens[left], right: tokens[right],
          token: merge.token))
    }
    for position in 0..<end - 1 { consider(position, in: tokens, position + 1) }
    while let candidate = queue.removeFirst() {
      let left = candidate.position
      let right = next[left]
      // What was there when the candidate was found may have been merged since.
      guard right < end, tokens[left] == candidate.left, tokens[right] == candidate.right else {
        continue
      }
      tokens[left] = candidate.token
      tokens[right] = Self.dropped
      next[left] = next[right]
      if next[left] < end {
        previous[next[left]] = left
        consider(left, in: tokens, next[left])
      }
      if previous[left] >= 0 { consider(previous[left], in: tokens, left) }
    }
    return tokens.filter { $0 != Self.dropped }
  }

  private static let dropped: Int32 = -1
}

/// The merges that are possible, lowest rank first, and leftmost of equal ones: a binary heap.
private struct MergeQueue {
  struct Candidate {
    let rank: Int32
    let position: Int
    let left: Int32
    let right: Int32
    let token: Int32

    func isBefore(_ other: Candidate) -> Bool {
      (rank, position) < (other.rank, other.position)
    }
  }

  private var heap: [Candidate] = []

  mutating func insert(_ candidate: Candidate) {
    heap.append(candidate)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isBefore(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func removeFirst() -> Candidate? {
    guard let first = heap.first else { return nil }
    heap[0] = heap[heap.count - 1]
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].isBefore(heap[least]) { least = child }
      }
      guard least != parent else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
