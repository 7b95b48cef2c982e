@testable import MPGEMM
import Testing

@Suite struct PiecesTests {
  private static let shapes = [
    Shape(outFeatures: 1, tokens: 1, inFeatures: 1),
    Shape(outFeatures: 33, tokens: 5, inFeatures: 700),
    Shape(outFeatures: 640, tokens: 1, inFeatures: 2560),
    Shape(outFeatures: 640, tokens: 128, inFeatures: 2560),
    Shape(outFeatures: 6912, tokens: 1, inFeatures: 2560),
    Shape(outFeatures: 6912, tokens: 512, inFeatures: 2560),
  ]

  @Test(arguments: Kernel.all, [1, 2, 16])
  func piecesAreAllRowsInOrder(kernel: Kernel, threads: Int) {
    for shape in Self.shapes {
      let plan = kernel.plan(shape)
      let pieces = plan.rowPieces(of: shape, threads: threads)
      var end = 0
      for piece in pieces {
        #expect(piece.lowerBound == end && !piece.isEmpty, "\(kernel.name), \(shape): \(pieces)")
        #expect(piece.lowerBound.isMultiple(of: plan.rowStep), "\(kernel.name), \(shape)")
        end = piece.upperBound
      }
      #expect(end == shape.outFeatures, "\(kernel.name), \(shape)")
    }
  }

  @Test(arguments: Kernel.all, [1, 5, 200])
  func tilesAreAllRowsAndTokensOnce(kernel: Kernel, tokens: Int) {
    let shape = Shape(outFeatures: 777, tokens: tokens, inFeatures: 300)
    let plan = kernel.plan(shape)
    var covered = [Int](repeating: 0, count: 777 * tokens)
    for rows in plan.rowPieces(of: shape, threads: 3) {
      plan.forEachTile(rows: rows, tokens: tokens) { tile in
        for row in tile.rows {
          for token in tile.tokens { covered[token * 777 + row] += 1 }
        }
      }
    }
    #expect(covered.allSatisfy { $0 == 1 }, "\(kernel.name), \(shape)")
  }

  @Test func fewRowsStillFeedEveryThread() throws {
    let kernel = try #require(Kernel.all.first { $0.name == "planar2_portable" })
    let shape = Shape(outFeatures: 640, tokens: 128, inFeatures: 2560)
    let plan = kernel.plan(shape)
    #expect(plan.rowPieces(of: shape, threads: 1).count == 1)
    #expect(plan.rowPieces(of: shape, threads: 2).count >= 8)
    #expect(plan.rowPieces(of: shape, threads: 8).count >= 32)
  }

  @Test func littleWorkStaysOnOneThread() throws {
    let kernel = try #require(Kernel.all.first { $0.name == "planar2_portable" })
    let shape = Shape(outFeatures: 256, tokens: 1, inFeatures: 256)
    #expect(kernel.plan(shape).rowPieces(of: shape, threads: 2).count == 1)
  }

  @Test func muchWorkIsCutFurther() throws {
    let kernel = try #require(Kernel.all.first { $0.name == "planar2_portable" })
    let one = Shape(outFeatures: 6912, tokens: 1, inFeatures: 2560)
    let many = Shape(outFeatures: 6912, tokens: 128, inFeatures: 2560)
    let pieces = kernel.plan(many).rowPieces(of: many, threads: 2)
    #expect(pieces.count > kernel.plan(one).rowPieces(of: one, threads: 2).count)
    let longest = pieces.map(\.count).max() ?? 0
    #expect(longest <= 2 * kernel.plan(many).bestRows)
  }
}
