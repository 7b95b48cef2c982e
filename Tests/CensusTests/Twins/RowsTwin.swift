import MPGEMM

/// The preparation "int8_rows", and the sums of products that need nothing else.
struct Int8Rows {
  static func stride(_ k: Int) -> Int { blocks(k, of: 256) * 256 }

  static func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] {
    let k = problem.k, stride = stride(k)
    var prepared = [UInt8](repeating: 0, count: problem.shape.tokens * stride)
    let input = Stream(bytes: problem.codes.bytes, size: \.inputBytes, tally: tally)
    for t in 0..<problem.shape.tokens {
      for (j, code) in input.load(t * k, count: k).enumerated() {
        prepared[t * stride + j] = code.value
      }
    }
    tally.counts.preparedBytes += prepared.count
    return prepared
  }
}

/// int8_dot_portable.
struct Int8DotTwin: Twin {
  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] { Int8Rows.prepare(problem, tally) }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let k = call.k
    for i in tile.rows {
      for t in tile.tokens {
        let w = call.weights.loadSigned(i * k, count: k)
        let x = call.prepared.loadSigned(t * Int8Rows.stride(k), count: k)
        var sum = call.zero(Int32.self)
        for j in 0..<k { sum += w[j].times(x[j]) }
        call.storeExact(sum, i, t, into: &y)
      }
    }
  }
}

/// i2s_portable: a row's codes are expanded to scratch once for the tile's tokens.
struct I2STwin: Twin {
  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] { Int8Rows.prepare(problem, tally) }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let rowBytes = blocks(call.k, of: 128) * 32, inputs = 4 * rowBytes
    for i in tile.rows {
      var codes: [CountedUInt8] = []
      for b in 0..<rowBytes / 32 {
        let block = call.weights.load(i * rowBytes + b * 32, count: 32)
        codes += block.map { $0 >> 6 }
        codes += block.map { $0 >> 4 & 3 }
        codes += block.map { $0 >> 2 & 3 }
        codes += block.map { $0 & 3 }
      }
      call.scratch(bytes: inputs)
      for t in tile.tokens {
        call.scratch(bytes: inputs)
        let x = call.prepared.loadSigned(t * Int8Rows.stride(call.k), count: inputs)
        var sum = call.zero(Int32.self)
        for j in 0..<inputs { sum += codes[j].times(x[j]) }
        call.storeExact(sum - call.tokenSum(t), i, t, into: &y)
      }
    }
  }
}

/// planar2_portable: lines of 16 rows by 16 inputs, each line loaded once a token.
struct Planar2Twin: Twin {
  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] { Int8Rows.prepare(problem, tally) }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let lines = blocks(call.k, of: 16)
    for rows in tile.rows.steps(of: 16) {
      for t in tile.tokens {
        var sum = [CountedInt32](repeating: call.zero(), count: 16)
        for l in 0..<lines {
          let line = call.weights.load((rows.lowerBound / 16 * lines + l) * 64, count: 64)
          let x = call.prepared.loadSigned(t * Int8Rows.stride(call.k) + l * 16, count: 16)
          for r in 0..<16 {
            for j in 0..<16 {
              let code = line[r * 4 + j % 4] >> (j / 4 * 2) & 3
              sum[r] += code.times(x[j])
            }
          }
        }
        for i in rows {
          call.storeExact(sum[i % 16] - call.tokenSum(t), i, t, into: &y)
        }
      }
    }
  }
}

/// Lines of 16 rows by 20 inputs, as both layouts of trit5 have them.
enum Trit5Lines {
  static func load(
    _ l: Int, _ rows: Range<Int>, _ t: Int, of call: TwinCall
  ) -> (line: [CountedUInt8], x: [CountedInt8]) {
    let lines = blocks(call.k, of: 20), stride = Int8Rows.stride(call.k)
    let line = call.weights.load((rows.lowerBound / 16 * lines + l) * 64, count: 64)
    // A prepared row may end within the last line's inputs; zeros follow.
    let inside = min(20, stride - l * 20)
    var x = call.prepared.loadSigned(t * stride + l * 20, count: inside)
    x += [CountedInt8](repeating: call.zero(), count: 20 - inside)
    return (line, x)
  }
}

/// trit5_lut_portable: two lookups a byte leave five digits of two bits.
struct Trit5LutTwin: Twin {
  /// By the lower six bits of a byte: s / 4, the first digit, the second.
  private static let first: [UInt8] = (0..<64).map { (low: UInt8) -> UInt8 in
    let pair = low / 7
    let digits: UInt8 = (pair / 3) << 4 | (pair % 3) << 6
    return low % 7 | digits
  }

  /// By s / 4 and, in bits 5:4, s % 4: the other digits.
  private static let second: [UInt8] = (0..<64).map { (at: UInt8) -> UInt8 in
    let triple = 4 * (at & 15) + (at >> 4)
    guard triple <= 27 else { return 0 }
    let last: UInt8 = (triple / 3 % 3) << 2 | (triple % 3) << 4
    return triple / 9 | last
  }

  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] { Int8Rows.prepare(problem, tally) }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let lines = blocks(call.k, of: 20)
    for rows in tile.rows.steps(of: 16) {
      for t in tile.tokens {
        var sum = [CountedInt32](repeating: call.zero(), count: 16)
        for l in 0..<lines {
          let (line, x) = Trit5Lines.load(l, rows, t, of: call)
          for r in 0..<16 { multiply(line[r * 4..<r * 4 + 4], x, &sum[r], call) }
        }
        for i in rows {
          call.storeExact(sum[i % 16] - call.tokenSum(t), i, t, into: &y)
        }
      }
    }
  }

  private func multiply(
    _ row: ArraySlice<CountedUInt8>, _ x: [CountedInt8], _ sum: inout CountedInt32, _ call: TwinCall
  ) {
    let firsts = Self.first.map { CountedUInt8($0, call.tally) }[...]
    let seconds = Self.second.map { CountedUInt8($0, call.tally) }[...]
    for (b, byte) in row.enumerated() {
      let first = call.tally.lookup(byte & 63, in: firsts)
      let index = byte >> 2 & 0x30 | first & 0x0F
      let second = call.tally.lookup(index, in: seconds)
      let digits: [CountedUInt8] = [
        first >> 4 & 3, first >> 6, second & 3, second >> 2 & 3, second >> 4,
      ]
      for (d, digit) in digits.enumerated() { sum += digit.times(x[4 * d + b]) }
    }
  }
}

/// trit5_portable: five digits a byte, summed as fractions modulo 2^32 and never taken apart.
struct Trit5Twin: Twin {
  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] { Int8Rows.prepare(problem, tally) }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let lines = blocks(call.k, of: 20)
    let chunk = 1024
    for rows in tile.rows.steps(of: 16) {
      for t in tile.tokens {
        var sum = [CountedInt32](repeating: call.zero(), count: 16)
        for some in (0..<lines).steps(of: chunk) {
          var now = [CountedUInt32](repeating: call.zero(), count: 16)
          var next = now
          for l in some {
            let (line, x) = Trit5Lines.load(l, rows, t, of: call)
            for r in 0..<16 { Self.multiply(line[r * 4..<r * 4 + 4], x, &now[r], &next[r]) }
          }
          for r in 0..<16 {
            let difference = now[r] &+ now[r] &+ now[r] &- next[r]
            let whole = CountedInt32(Int32(bitPattern: difference.value), call.tally)
            sum[r] += whole >> 8
          }
        }
        for i in rows {
          call.storeExact(sum[i % 16] - call.tokenSum(t), i, t, into: &y)
        }
      }
    }
  }

  private static func multiply(
    _ row: ArraySlice<CountedUInt8>, _ x: [CountedInt8], _ now: inout CountedUInt32,
    _ next: inout CountedUInt32
  ) {
    for (b, byte) in row.enumerated() {
      var fraction = byte
      for d in 0..<5 {
        let input = x[d * 4 + b]
        now &+= fraction.times(input, as: Int32.self).truncated()
        fraction = fraction.times(3 as UInt8, as: UInt16.self).truncated()
        next &+= fraction.times(input, as: Int32.self).truncated()
      }
    }
  }
}
