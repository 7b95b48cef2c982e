import MPGEMM

/// float_portable: the textbook loops.
struct FloatTwin: Twin {
  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] { [] }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let k = call.k
    for i in tile.rows {
      for t in tile.tokens {
        let w = call.weights.loadFloats(at: i * k, count: k)
        let x = call.input.loadFloats(at: t * k, count: k)
        call.store(
          Self.dot(w, x, call) * (call.weightScale(i) * call.tokenScale(t)), i, t, into: &y)
      }
    }
  }

  static func dot(_ w: [CountedFloat], _ x: [CountedFloat], _ call: TwinCall) -> CountedFloat {
    var sum = call.zero(Float.self)
    for j in x.indices { sum += w[j] * x[j] }
    return sum
  }
}

/// float_f16_portable, float_bf16_portable: a row's halves become floats in scratch once for all tokens.
struct HalfTwin: Twin {
  /// How two bytes become a float.
  let value: @Sendable (CountedUInt8, CountedUInt8) -> CountedFloat

  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] { [] }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let k = call.k
    for i in tile.rows {
      let bytes = call.weights.load(2 * i * k, count: 2 * k)
      let w = (0..<k).map { value(bytes[2 * $0], bytes[2 * $0 + 1]) }
      call.scratch(bytes: 4 * k)
      for t in tile.tokens {
        call.scratch(bytes: 4 * k)
        let x = call.input.loadFloats(at: t * k, count: k)
        call.store(
          FloatTwin.dot(w, x, call) * (call.weightScale(i) * call.tokenScale(t)), i, t, into: &y)
      }
    }
  }
}

/// A binary16 as a float: one conversion.
///
/// Weights and their scales are 0, 1 and -1.
func half(_ low: CountedUInt8, _ high: CountedUInt8) -> CountedFloat {
  low.tally.counts.conversions += 1
  let values: [UInt16: Float] = [0: 0, 0x3c00: 1, 0xbc00: -1]
  guard let value = values[UInt16(high.value) << 8 | UInt16(low.value)] else {
    fatalError("packers write no half but 0, 1 and -1")
  }
  return CountedFloat(value, low.tally)
}

/// A bfloat16 as a float: one shift.
///
/// Weights are 0, 1 and -1.
func brainFloat(_ low: CountedUInt8, _ high: CountedUInt8) -> CountedFloat {
  low.tally.counts.bitOperations += 1
  let upper = UInt32(high.value) << 8 | UInt32(low.value)
  return CountedFloat(Float(bitPattern: upper << 16), low.tally)
}

/// int8_dequant_portable: a row is scaled to floats in scratch, then summed in 16 lanes.
struct DequantTwin: Twin {
  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] { [] }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let k = call.k
    for i in tile.rows {
      let w = call.weights.loadSigned(i * k, count: k).map { $0.float * call.weightScale(i) }
      call.scratch(bytes: 4 * k)
      for t in tile.tokens {
        call.scratch(bytes: 4 * k)
        let x = call.input.loadFloats(at: t * k, count: k)
        var lane = [CountedFloat](repeating: call.zero(), count: 16)
        for j in 0..<k { lane[j % 16] += w[j] * x[j] }
        for half in [8, 4, 2, 1] {
          for l in 0..<half { lane[l] += lane[l + half] }
        }
        call.store(lane[0] * call.tokenScale(t), i, t, into: &y)
      }
    }
  }
}
