internal import Statistics

/// Calls before the first sample, until what a call takes no longer changes.
///
/// A processor raises its clock, licences wide vectors and fills branch predictors, caches and TLBs
/// within the first calls; how many that takes differs from kernel to kernel.
struct WarmUp {
  private var seconds: [Double]

  /// Medians of so many calls are compared with those of so many before.
  static let window = 5
  /// A change below this is noise: sampling averages it.
  static let settledChange = 0.02
  /// Beyond so many calls it is not the start that makes the times move.
  static let mostCalls = 50
  /// The share of the minimum time that warming up may take.
  static let share = 0.25

  /// - Parameter first: What the first call took, which does not count.
  init(first: Double) {
    seconds = []
    last = first
  }

  /// The median of the newest window, or the newest call while there is no window.
  private(set) var last: Double

  mutating func add(_ call: Double) {
    seconds.append(call)
    last =
      seconds.count < Self.window ? call : Statistics.median(Array(seconds.suffix(Self.window)))
  }

  /// Whether the running median has settled.
  var isSettled: Bool {
    guard seconds.count >= 2 * Self.window else { return false }
    let before = Statistics.median(
      Array(seconds.dropLast(Self.window).suffix(Self.window)))
    return abs(last - before) <= Self.settledChange * before
  }

  /// Whether there have been calls enough, settled or not.
  func isOver(within most: Double) -> Bool {
    isSettled || seconds.count >= Self.mostCalls || seconds.reduce(0, +) >= most
  }
}

extension Participant {
  /// Calls until the running median settles, or until the time given is over.
  ///
  /// - Returns: What a call takes then.
  func warmUp(from first: Double, within most: Double) -> Double {
    var warmUp = WarmUp(first: first)
    while failure == nil, !warmUp.isOver(within: most) {
      guard let sample = measure(calls: 1, warmUp: false) else { break }
      warmUp.add(sample.time)
    }
    return warmUp.last
  }
}
