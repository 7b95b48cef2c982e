import MPGEMM
import Testing

@Suite struct TernaryMatrixTests {
  @Test(arguments: [0.0, 0.25, 1.0 / 3, 0.4219, 1.0])
  func zeroDensityIsWhatWasAskedFor(density: Double) {
    let matrix = TernaryMatrix(outFeatures: 300, inFeatures: 1001, zeroDensity: density, seed: 9)
    #expect(abs(matrix.zeroDensity - density) < 0.005)
    let plus = matrix.values.count { $0 == 1 }
    let minus = matrix.values.count { $0 == -1 }
    #expect(abs(plus - minus) < 3000)
    #expect(plus + minus + matrix.values.count { $0 == 0 } == matrix.values.count)
  }

  @Test func equalSeedsGiveEqualWeights() {
    let a = TernaryMatrix(outFeatures: 7, inFeatures: 13, zeroDensity: 0.4, seed: 1)
    let b = TernaryMatrix(outFeatures: 7, inFeatures: 13, zeroDensity: 0.4, seed: 1)
    let c = TernaryMatrix(outFeatures: 7, inFeatures: 13, zeroDensity: 0.4, seed: 2)
    #expect(a == b)
    #expect(a != c)
  }
}
