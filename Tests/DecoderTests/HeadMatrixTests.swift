import Decoder
import MPGEMM
import Models
import Testing

/// A head in blocks of Q6_K is multiplied from its blocks, to the bits of the floats that they stand for.
@Suite struct HeadMatrixTests {
  static let (rows, width, tokens) = (37, 512, 3)

  /// Floats of both signs, of many sizes from row to row, and a row of zeros.
  static func floats(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { index in
      let row = index / width
      return row == 5 ? 0 : Float(random.unit() * 2 - 1) * Float(1 << (row % 9)) / 64
    }
  }

  static func row(_ row: Int, of matrix: HeadMatrix) -> [Float] {
    let buffer = Buffer(count: matrix.width * 4)
    matrix.copy(row: row, to: buffer, token: 0)
    return buffer.elements(of: Float.self, 0..<matrix.width)
  }

  static func product(_ matrix: HeadMatrix, _ input: Buffer, _ operations: DecoderOperations)
    -> [Float]
  {
    let output = Buffer(count: tokens * rows * 4)
    operations.multiply(rows: 0..<20, of: matrix, tokens: tokens, values: input, into: output)
    operations.multiply(rows: 20..<rows, of: matrix, tokens: tokens, values: input, into: output)
    return output.elements(of: Float.self, 0..<tokens * rows)
  }

  @Test func blocksMultiplyAsTheirFloats() {
    let values = Self.floats(Self.rows * Self.width, seed: 1)
    let blocks = HeadMatrix(.q6k, rows: Self.rows, width: Self.width, values: .f32(values))
    #expect(blocks.byteCount == Self.rows * 2 * 210)
    let floats = (0..<Self.rows).flatMap { Self.row($0, of: blocks) }
    let wide = HeadMatrix(.f32, rows: Self.rows, width: Self.width, values: .f32(floats))
    let input = Buffer(count: Self.tokens * Self.width * 4)
    input.store(Self.floats(Self.tokens * Self.width, seed: 2))
    for operations in DecoderOperations.all
    where ISA.current.isSuperset(of: operations.requiredISA) {
      #expect(
        Self.product(blocks, input, operations) == Self.product(wide, input, operations),
        "\(operations.name)")
    }
  }

  @Test func quantizingIsCloseToEachGroup() {
    let values = Self.floats(Self.rows * Self.width, seed: 3)
    let blocks = HeadMatrix(.q6k, rows: Self.rows, width: Self.width, values: .f32(values))
    for row in 0..<Self.rows {
      let read = Self.row(row, of: blocks)
      let own = values[row * Self.width..<(row + 1) * Self.width]
      let largest = own.reduce(0) { max($0, abs($1)) }
      for (a, b) in zip(read, own) {
        // A step is a 32nd of a group's largest, the end of one side is cut by one step, and a
        // group's scale is cut or rounded to a 128th of the block's.
        guard abs(a - b) <= largest * (1.3 / 32) else {
          Issue.record("row \(row): \(b) is read as \(a)")
          return
        }
      }
    }
  }

  /// The reader of files and the decoder take blocks of any bits for the same floats.
  @Test func blocksMeanWhatFilesMean() {
    var random = SplitMix64(seed: 4)
    var bytes = (0..<Self.rows * 2 * 210).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    for half in stride(from: 209, to: bytes.count, by: 210) { bytes[half] &= 0xBF }  // finite
    let values = FloatValues.q6k(bytes)
    let blocks = HeadMatrix(.q6k, rows: Self.rows, width: Self.width, values: values)
    let read = (0..<Self.rows).flatMap { Self.row($0, of: blocks) }
    #expect(read == values.floats)
  }
}
