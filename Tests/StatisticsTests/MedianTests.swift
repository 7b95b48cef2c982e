import Statistics
import Testing

@Suite struct MedianTests {
  static let cases: [(values: [Double], median: Double, deviation: Double)] = [
    ([3], 3, 0), ([1, 2], 1.5, 1.0 / 3), ([5, 1, 3], 3, 2.0 / 3), ([1, 1, 1, 100], 1, 0),
    ([4, 2, 8, 6, 10], 6, 1.0 / 3),
  ]

  @Test(arguments: cases.indices)
  func summarises(index: Int) {
    let (values, median, deviation) = Self.cases[index]
    #expect(Statistics.median(values) == median)
    #expect(abs(Statistics.medianAbsoluteRelativeError(values) - deviation) < 1e-15)
  }
}
