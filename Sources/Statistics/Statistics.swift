/// Robust summaries of repeated measurements.
public enum Statistics {
  /// The middle value, or the mean of the two middle ones.
  ///
  /// - Precondition: There is at least one value.
  public static func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "the median of nothing")
    return middle(of: values.sorted())
  }

  /// The median of values that are sorted already.
  static func middle(of sorted: [Double]) -> Double {
    let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
    return low + (high - low) / 2
  }

  /// The median absolute deviation from the median, over the median.
  public static func medianAbsoluteRelativeError(_ values: [Double]) -> Double {
    let center = median(values)
    guard center != 0 else { return 0 }
    return median(values.map { abs($0 - center) }) / abs(center)
  }
}

/// A confidence interval: from low to high.
public struct Interval: Equatable, Sendable {
  public let low: Double
  public let high: Double

  /// - Precondition: `low` is not above `high`.
  public init(low: Double, high: Double) {
    precondition(low <= high, "an interval from \(low) down to \(high)")
    (self.low, self.high) = (low, high)
  }

  /// Half of the interval's width, over the value that it is about.
  public func relativeHalfWidth(of value: Double) -> Double {
    (high - low) / 2 / abs(value)
  }
}
