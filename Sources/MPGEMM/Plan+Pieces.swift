// Plan+Pieces.swift: how a multiplication is cut among threads, and each piece into tiles.

extension Plan {
  /// Pieces that a thread gets at least where there are several, so that one which is slowed down hands work over.
  private static let piecesPerThread = 4
  /// Multiply-adds of a thread below which it costs more to wake than it gives: half a microsecond's.
  private static let multiplyAddsPerThread = 1 << 17
  /// Multiply-adds of a piece, some ten microseconds of the fastest kernels, above which it is cut further.
  private static let multiplyAddsPerPiece = 4 << 20
  /// Into how many parts the best tile's rows may be cut to give every thread its pieces.
  private static let mostCuts = 4

  /// Cuts a shape's rows into pieces for so many threads; the pieces are taken in order by whoever is free.
  func rowPieces(of shape: Shape, threads: Int) -> [Range<Int>] {
    let threads = min(threads, shape.multiplyAdds / Self.multiplyAddsPerThread)
    guard threads > 1 else { return [0..<shape.outFeatures] }
    let wanted = threads * Self.piecesPerThread
    var step = bestRows
    while shape.outFeatures < wanted * step, step > bestRows / Self.mostCuts,
      step.isMultiple(of: 2 * rowStep)
    {
      step /= 2
    }
    return ThreadPool.cuts(
      of: shape.outFeatures, step: step,
      into: max(wanted, shape.multiplyAdds / Self.multiplyAddsPerPiece))
  }

  /// Calls `body` with the tiles of a piece: a block of prepared tokens stays in the second-level cache while
  /// all rows pass.
  func forEachTile(rows: Range<Int>, tokens: Int, _ body: (Tile) -> Void) {
    for token in stride(from: 0, to: tokens, by: bestTokens) {
      for row in stride(from: rows.lowerBound, to: rows.upperBound, by: bestRows) {
        body(
          Tile(
            rows: row..<min(row + bestRows, rows.upperBound),
            tokens: token..<min(token + bestTokens, tokens)))
      }
    }
  }
}
