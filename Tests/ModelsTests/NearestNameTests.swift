import Models
import Testing

@Suite struct NearestNameTests {
  static let kernels = ["float_portable", "i2s_portable", "i2s_avx2", "tl1_avx2", "tl1_lossy_avx2"]

  @Test(arguments: [
    ("i2s_avx", "i2s_avx2"),
    ("I2S_AVX2", "i2s_avx2"),  // case
    ("i2_savx2", "i2s_avx2"),  // letters swapped
    ("tl1_avx2", "tl1_avx2"),
    ("lossy", "tl1_lossy_avx2"),  // a part finds the whole
    ("", "i2s_avx2"),  // nothing typed: the first of the shortest
  ])
  func findsTheNearest(typed: String, expected: String) {
    #expect(nearestName(to: typed, in: Self.kernels) == expected)
  }

  @Test func theFirstOfEquallyNearWins() {
    #expect(nearestName(to: "b", in: ["abc", "cba"]) == "abc")
  }

  @Test func nothingIsNearInAnEmptyList() {
    #expect(nearestName(to: "x", in: []) == nil)
  }
}
