import MPGEMM
import Testing

@Suite struct ShapeTests {
  @Test func readsWhatItPrints() throws {
    let shape = try #require(Shape("6912x1x2560"))
    #expect(shape.outFeatures == 6912 && shape.tokens == 1 && shape.inFeatures == 2560)
    #expect(shape.description == "6912x1x2560")
    #expect(shape.multiplyAdds == 6912 * 2560)
  }

  @Test(arguments: [
    "", "x", "1", "1x2", "1x2x", "1x2x3x4", "0x1x1", "1x0x1", "1x1x0", "-1x1x1", "1x1x1.5", "axbxc",
    "1x1x2147483648", "99999999999999999999x1x1", "1 x1x1",
  ])
  func refuses(text: String) {
    #expect(Shape(text) == nil)
  }
}
