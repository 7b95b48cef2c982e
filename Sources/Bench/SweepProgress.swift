internal import MPGEMM

/// Where a sweep is, for a progress line.
public struct SweepProgress: Sendable {
  /// Cases finished and cases in all.
  public let done: Int
  public let total: Int
  /// What is being done now.
  public let activity: String
  /// Seconds left, once a case has been measured; cases are weighed by their multiply-adds.
  public let secondsLeft: Double?
}

/// Estimates the time left from the work done: a case's work is its multiply-adds and a fixed part.
struct ProgressEstimate {
  private var done = 0.0
  private let total: Double
  private let start = Clock.now()

  /// What a case costs besides its multiply-adds, counted as that many.
  private static let fixedPart = 5e8

  init(_ cases: [SweepCase]) {
    total = cases.reduce(0) { $0 + Self.work($1) }
  }

  mutating func finish(_ sweepCase: SweepCase) {
    done += Self.work(sweepCase)
  }

  var secondsLeft: Double? {
    done == 0 ? nil : (Clock.now() - start) * (total - done) / done
  }

  private static func work(_ sweepCase: SweepCase) -> Double {
    fixedPart + Double(sweepCase.shape.multiplyAdds) / Double(sweepCase.threads)
  }
}
