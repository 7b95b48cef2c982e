internal import Synchronization

extension ThreadPool {
  /// Runs pieces 0..<count, each once; which thread gets which is left to chance.
  public func forEach(_ count: Int, _ body: @Sendable (_ piece: Int, _ thread: Int) -> Void) {
    guard count > 1, threads > 1 else {
      for piece in 0..<count { body(piece, 0) }
      return
    }
    let next = Counter()
    run { thread in
      while true {
        let piece = next.take()
        guard piece < count else { return }
        body(piece, thread)
      }
    }
  }

  /// Cuts 0..<size at multiples of step into at most `pieces` ranges of nearly equal length.
  static func cuts(of size: Int, step: Int, into pieces: Int) -> [Range<Int>] {
    let steps = (size + step - 1) / step
    let count = max(1, min(pieces, steps))
    return (0..<count).map { piece in
      let begin = steps * piece / count * step
      let end = min(steps * (piece + 1) / count * step, size)
      return begin..<end
    }
  }
}

/// Hands out 0, 1, 2, … to several threads.
private final class Counter: Sendable {
  private let next = Atomic<Int>(0)

  func take() -> Int {
    next.wrappingAdd(1, ordering: .relaxed).oldValue
  }
}
