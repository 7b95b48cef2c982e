import MPGEMM

/// The kernels of llama.cpp's TQ blocks: activations in blocks of 256 with a scale each ("q8k").
struct TQTwin: Twin {
  let blockBytes: Int
  /// A block's 256 codes w + 1, from the bytes before its scale.
  let decode: @Sendable (_ bytes: [CountedUInt8]) -> [CountedUInt8]

  private static let block = 256

  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] {
    let k = problem.k
    let input = Stream(bytes: problem.values.bytes, size: \.inputBytes, tally: tally)
    var codes: [UInt8] = [], scales: [Float] = [], sums: [Int32] = []
    for t in 0..<problem.shape.tokens {
      for inputs in (0..<k).steps(of: Self.block) {
        var x = input.loadFloats(at: t * k + inputs.lowerBound, count: inputs.count)
        x += [CountedFloat](repeating: .init(0, tally), count: Self.block - x.count)
        let (code, scale, sum) = Self.quantize(x, tally)
        codes += code
        scales.append(scale)
        sums.append(sum)
      }
    }
    let prepared = codes + scales.bytes + sums.bytes
    tally.counts.preparedBytes += prepared.count
    return prepared
  }

  private static func quantize(
    _ x: [CountedFloat], _ tally: Tally
  ) -> (code: [UInt8], scale: Float, sum: Int32) {
    var largest = CountedInt32(0, tally)
    for value in x { largest = largest.maximum(value.magnitudeBits) }
    let magnitude = CountedFloat(Float(bitPattern: UInt32(largest.value)), tally)
    precondition(magnitude.value >= 0x1p-100, "the census uses no tiny activations")
    let boost: Float = 1
    let factor = CountedFloat(127, tally) / (magnitude * boost)
    let scale = CountedFloat(1, tally) / factor * boost
    var code: [UInt8] = [], sum = CountedInt32(0, tally)
    for value in x {
      let rounded = (value * boost * factor).rounded(to: Int32.self)
      code.append(UInt8(bitPattern: Int8(rounded.value)))
      sum += rounded
    }
    return (code, scale.value, sum.value)
  }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let rowBlocks = blocks(call.k, of: Self.block), all = call.problem.shape.tokens * rowBlocks
    let scales = all * Self.block, sums = scales + 4 * all
    for i in tile.rows {
      let row = (0..<rowBlocks).map { b in
        let bytes = call.weights.load((i * rowBlocks + b) * blockBytes, count: blockBytes)
        call.scratch(bytes: Self.block + 4)
        return (
          code: decode(Array(bytes.dropLast(2))),
          scale: half(bytes[blockBytes - 2], bytes[blockBytes - 1])
        )
      }
      for t in tile.tokens {
        var total = call.zero(Float.self)
        for b in 0..<rowBlocks {
          let xb = t * rowBlocks + b
          call.scratch(bytes: Self.block + 4)
          let x = call.prepared.loadSigned(xb * Self.block, count: Self.block)
          let scale = call.prepared.loadFloats(scales, at: xb, count: 1)[0]
          let sum = call.prepared.loadInt32(sums, at: xb)
          let dot = Self.dot(row[b].code, x, call) - sum
          total += dot.float * (row[b].scale * scale)
        }
        call.store(total * (call.weightScale(i) * call.tokenScale(t)), i, t, into: &y)
      }
    }
  }

  /// Sums in 16 lanes of 16 bits.
  private static func dot(
    _ w: [CountedUInt8], _ x: [CountedInt8], _ call: TwinCall
  ) -> CountedInt32 {
    var part = [CountedInt16](repeating: call.zero(), count: 16)
    for j in w.indices { part[j % 16] += w[j].times(x[j]) }
    return part.reduce(call.zero()) { $0 + $1.extended() }
  }

  /// tq1_portable: a digit is the carry out of a byte times 3, after one product with a power of 3.
  static let tq1 = TQTwin(blockBytes: 54) { bytes in
    var codes: [CountedUInt8] = []
    for (part, digits) in [(bytes[0..<32], 5), (bytes[32..<48], 5), (bytes[48..<52], 4)] {
      for power in ([1, 3, 9, 27, 81] as [UInt8]).prefix(digits) {
        codes += part.map { byte in
          let fraction = byte.times(power, as: UInt16.self).truncated(to: UInt8.self)
          return (fraction.times(3 as UInt8, as: UInt16.self) >> 8).truncated()
        }
      }
    }
    return codes
  }

  /// tq2_portable.
  static let tq2 = TQTwin(blockBytes: 66) { bytes in
    [bytes[0..<32], bytes[32..<64]].flatMap { half in
      (0..<4).flatMap { plane in half.map { $0 >> (2 * plane) & 3 } }
    }
  }
}
