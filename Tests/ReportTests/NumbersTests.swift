import Testing

@testable import Report

@Suite struct NumbersTests {
  @Test(arguments: [
    (0, "0"), (1, "1.00"), (0.128, "0.128"), (12.84, "12.8"), (128.4, "128"), (1284, "1280"),
    (4_530_000, "4530000"), (0.00001284, "0.0000128"), (9.996, "10.0"), (99.96, "100"),
    (999.6, "1000"), (0.9996, "1.00"), (0.09996, "0.100"), (-1.5, "-1.50"), (0.1, "0.100"),
    (1.875, "1.88"), (1e22, "1" + String(repeating: "0", count: 22)),
  ])
  func threeSignificantDigits(_ value: Double, _ text: String) {
    #expect(Numbers.significant(value) == text)
  }

  /// Every finite value has a text, which reads back to within half a unit of its third digit.
  @Test func everyMagnitudeKeepsItsValue() {
    for exponent in -320...308 {
      for digits in ["1", "1.004", "2.5", "9.994", "9.996"] {
        guard let value = Double("\(digits)e\(exponent)"), value.isFinite else { continue }
        let back = Double(Numbers.significant(value)) ?? 0
        #expect(
          abs(back - value) <= 0.00501 * value + .leastNonzeroMagnitude, "\(digits)e\(exponent)")
      }
    }
  }

  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (49152, "48 KiB"), (1536, "1.50 KiB"),
    (512 << 20, "512 MiB"), (1 << 30, "1 GiB"), (3 << 41, "6 TiB"),
  ])
  func sizes(_ count: Int, _ text: String) {
    #expect(Numbers.bytes(count) == text)
  }

  @Test func shares() {
    #expect(Numbers.percent(0.0123) == "1.2%")
    #expect(Numbers.percent(1) == "100%")
    #expect(Numbers.percent(0) == "0%")
  }
}
