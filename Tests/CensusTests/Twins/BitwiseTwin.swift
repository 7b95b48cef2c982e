import MPGEMM

/// bitwise_popcount_portable: bit planes of weights and codes, multiplied by counting common bits.
struct PopcountTwin: Twin {
  /// Whether a byte's nibbles get bytes of their own, as bitwise_popcount_avx2 prepares them.
  var nibbles = false

  private static let slices = 8, planeBytes = 32, words = 4

  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] {
    let input = Stream(bytes: problem.codes.bytes, size: \.inputBytes, tally: tally)
    var prepared: [UInt8] = []
    for t in 0..<problem.shape.tokens {
      for inputs in (0..<problem.k).steps(of: 256) {
        var code = input.load(t * problem.k + inputs.lowerBound, count: inputs.count)
        code += [CountedUInt8](repeating: .init(0, tally), count: 256 - code.count)
        var planes = [[UInt8]](repeating: [], count: Self.slices), high = planes
        for l in 0..<Self.planeBytes {
          let bits = Self.transpose(Self.gather(code[8 * l..<8 * l + 8], tally))
          for b in planes.indices {
            let byte = (bits >> (8 * b)).truncated(to: UInt8.self)
            planes[b].append(nibbles ? (byte & 15).value : byte.value)
            if nibbles { high[b].append((byte >> 4).value) }
          }
        }
        prepared += zip(planes, high).flatMap { $0 + $1 }
      }
    }
    tally.counts.preparedBytes += prepared.count
    return prepared
  }

  private static func gather(_ code: ArraySlice<CountedUInt8>, _ tally: Tally) -> CountedUInt64 {
    code.enumerated().reduce(CountedUInt64(0, tally)) { word, next in
      word | next.element.extended(to: UInt64.self) << (8 * next.offset)
    }
  }

  /// Bit b of byte l becomes bit l of byte b.
  private static func transpose(_ word: CountedUInt64) -> CountedUInt64 {
    let steps: [(Int, UInt64)] = [
      (7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0),
    ]
    return steps.reduce(word) { word, step in
      let swap = (word ^ word >> step.0) & step.1
      return word ^ (swap ^ swap << step.0)
    }
  }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let rowBlocks = blocks(call.k, of: 256)
    for i in tile.rows {
      for t in tile.tokens {
        var sum = call.zero(Int32.self)
        for b in 0..<rowBlocks {
          let w = Self.load(call.weights, (i * rowBlocks + b) * 64, planes: 2)
          let x = Self.load(call.prepared, (t * rowBlocks + b) * 256, planes: Self.slices)
          sum += Self.dot(plus: w[0], minus: w[1], x, call)
        }
        call.storeExact(sum, i, t, into: &y)
      }
    }
  }

  private static func load(_ stream: Stream, _ offset: Int, planes: Int) -> [[CountedUInt64]] {
    (0..<planes).map { plane in
      let words = stream.loadWords(offset + plane * planeBytes, at: 0, count: 2 * Self.words)
      return (0..<Self.words).map {
        CountedUInt64(UInt64(words[2 * $0 + 1]) << 32 | UInt64(words[2 * $0]), stream.tally)
      }
    }
  }

  private static func dot(
    plus: [CountedUInt64], minus: [CountedUInt64], _ x: [[CountedUInt64]], _ call: TwinCall
  ) -> CountedInt32 {
    var dot = call.zero(Int32.self)
    for (b, slice) in x.enumerated() {
      var difference = call.zero(Int32.self)
      for l in slice.indices {
        difference += (plus[l] & slice[l]).population - (minus[l] & slice[l]).population
      }
      let worth = difference << b
      dot = b < slices - 1 ? dot + worth : dot - worth  // the last plane is worth -2^7
    }
    return dot
  }
}

/// bitwise_lut_portable: the sum of four codes at a time, from tables of balanced digits.
struct LutTwin: Twin {
  private static let groupBytes = 32, entries = 16

  private static func groups(_ k: Int) -> Int { 4 * blocks(k, of: 16) }

  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] {
    let input = Stream(bytes: problem.codes.bytes, size: \.inputBytes, tally: tally)
    var prepared: [UInt8] = []
    for t in 0..<problem.shape.tokens {
      var code = input.loadSigned(t * problem.k, count: problem.k)
      let padded = 4 * Self.groups(problem.k)
      code += [CountedInt8](repeating: .init(0, tally), count: padded - code.count)
      for group in (0..<padded).steps(of: 4) {
        var entry = [CountedInt16](repeating: .init(0, tally), count: 1)
        for l in group { entry += entry.map { $0 + code[l].extended() } }
        let high = entry.map { ($0 + 16) >> 5 }
        let low = zip(entry, high).map { $0 - $1 << 5 }
        prepared += (low + high).map { UInt8(bitPattern: Int8($0.value)) }
      }
    }
    tally.counts.preparedBytes += prepared.count
    return prepared
  }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let groups = Self.groups(call.k)
    for rows in tile.rows.steps(of: 32) {
      for t in tile.tokens {
        var sum = [CountedInt32](repeating: call.zero(), count: 32)
        for g in 0..<groups {
          let w = call.weights.load(rows.lowerBound * groups + g * Self.groupBytes, count: 32)
          let table = call.prepared.loadSigned((t * groups + g) * Self.groupBytes, count: 32)
          let entry = (0..<Self.entries).map { e in
            let high: CountedInt16 = table[Self.entries + e].extended()
            return high << 5 + table[e].extended()
          }
          for l in 0..<32 {
            let plus = call.tally.lookup(w[l] & 15, in: entry[...])
            let minus = call.tally.lookup(w[l] >> 4, in: entry[...])
            sum[l] += plus.extended(to: Int32.self) - minus.extended()
          }
        }
        for (r, i) in rows.enumerated() {
          call.storeExact(sum[r % 16 * 2 + r / 16], i, t, into: &y)
        }
      }
    }
  }
}
