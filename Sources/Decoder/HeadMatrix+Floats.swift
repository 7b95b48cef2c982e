public import MPGEMM
public import Models

extension HeadMatrix {
  /// Stores a row of floats, rounded to the kind's width.
  public func store(row: Int, floats: ArraySlice<Float>) {
    switch kind {
    case .f32: store(row: row, floats)
    case .f16: store(row: row, floats.map { HalfPrecision.half($0) }[...])
    case .bf16: store(row: row, floats.map { HalfPrecision.brain($0) }[...])
    case .int8, .q6k: quantize(row: row, floats)
    }
  }

  /// Makes a matrix of a file's values; bits of the same width are copied.
  public convenience init(_ kind: Kind, rows: Int, width: Int, values: FloatValues) {
    precondition(values.count == rows * width, "one value an element")
    self.init(kind, rows: rows, width: width)
    var values = values
    if case .q6k(let blocks) = values {
      if kind == .q6k {
        let bytes = kind.rowBytes(width: width)
        for row in 0..<rows { store(row: row, blocks: blocks[row * bytes..<(row + 1) * bytes]) }
        return
      }
      values = .f32(values.floats)
    }
    for row in 0..<rows {
      let range = row * width..<(row + 1) * width
      switch (kind, values) {
      case (.f16, .f16(let bits)), (.bf16, .bf16(let bits)): store(row: row, bits[range])
      case (_, .f32(let floats)): store(row: row, floats: floats[range])
      case (_, .f16(let bits)):
        store(row: row, floats: bits[range].map { HalfPrecision.float(half: $0) }[...])
      case (_, .bf16(let bits)):
        store(row: row, floats: bits[range].map { HalfPrecision.float(brain: $0) }[...])
      case (_, .q6k): preconditionFailure("was made floats")
      }
    }
  }
}
