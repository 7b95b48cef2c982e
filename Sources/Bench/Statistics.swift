/// Robust summaries of repeated measurements.
public enum Statistics {
  /// The middle value, or the mean of the two middle ones.
  ///
  /// - Precondition: There is at least one value.
  public static func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "the median of nothing")
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  /// The median absolute deviation from the median, over the median.
  public static func medianAbsoluteRelativeError(_ values: [Double]) -> Double {
    let center = median(values)
    guard center != 0 else { return 0 }
    return median(values.map { abs($0 - center) }) / abs(center)
  }
}
