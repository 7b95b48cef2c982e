import MPGEMM

/// The lookup kernels of strips (tl1, tl2), lossless by two digits or lossy by requantised bytes.
struct StripsTwin: Twin {
  /// Inputs of one lookup; a block has eight lookups.
  let group: Int
  /// Bytes of signs before a block's indices: tl2's.
  let signBytes: Int
  /// Blocks that are summed in 16 bits.
  let chunk: Int
  let isLossy: Bool
  /// The sums that a group's table holds, the rest being zero.
  let sums: @Sendable (_ x: [CountedInt16]) -> [Int: CountedInt16]

  private static let rows = 32, lookups = 8, entries = 16

  private var inputs: Int { group * Self.lookups }
  private var blockBytes: Int { signBytes + Self.rows * Self.lookups / 2 }
  private var groupBytes: Int { isLossy ? Self.entries : 2 * Self.entries }
  private var header: Int { isLossy ? 64 : 0 }

  private func tokenBytes(_ k: Int) -> Int {
    header + blocks(k, of: inputs) * Self.lookups * groupBytes
  }

  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8] {
    let k = problem.k
    let input = Stream(bytes: problem.codes.bytes, size: \.inputBytes, tally: tally)
    var prepared: [UInt8] = []
    for t in 0..<problem.shape.tokens {
      var scale = CountedFloat(0, tally)
      if isLossy {
        let largest = largestEntry(input.loadSigned(t * k, count: k), tally).float
        let step = largest / CountedFloat(127, tally)
        scale = CountedFloat(127, tally) / largest
        tally.counts.preparedBytes += 4  // over the header's zeros
        prepared += [step.value].bytes + [UInt8](repeating: 0, count: header - 4)
      }
      var x = input.loadSigned(t * k, count: k).map { $0.extended(to: Int16.self) }
      x += [CountedInt16](
        repeating: .init(0, tally), count: blocks(k, of: inputs) * inputs - k)
      for group in x.indices.steps(of: group) {
        var entry = [CountedInt16](repeating: .init(0, tally), count: Self.entries)
        for (v, sum) in sums(Array(x[group])) { entry[v] = sum }
        let table = isLossy ? Self.requantised(entry, scale) : Self.digits(entry)
        prepared += table.map { UInt8(bitPattern: Int8($0.value)) }
      }
    }
    tally.counts.preparedBytes += prepared.count
    return prepared
  }

  /// The largest sum of magnitudes over a group.
  private func largestEntry(_ x: [CountedInt8], _ tally: Tally) -> CountedInt16 {
    x.indices.steps(of: group).reduce(CountedInt16(0, tally)) { largest, group in
      var sum = CountedInt16(0, tally)
      for j in group { sum += x[j].extended(to: Int16.self).magnitude }
      return largest.maximum(sum)
    }
  }

  /// entry = 31 high + low; 33 / 1024 stands in for 1 / 31.
  private static func digits(_ entry: [CountedInt16]) -> [CountedInt16] {
    let high = entry.map { ($0 << 5 + $0 + 512) >> 10 }
    return zip(entry, high).map { $0 - $1 << 5 + $1 } + high
  }

  private static func requantised(
    _ entry: [CountedInt16], _ scale: CountedFloat
  ) -> [CountedInt16] {
    entry.map { ($0.float * scale).rounded() }
  }

  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float]) {
    let rowBlocks = blocks(call.k, of: inputs)
    for rows in tile.rows.steps(of: Self.rows) {
      for t in tile.tokens {
        var total = [CountedInt32](repeating: call.zero(), count: Self.rows)
        for some in (0..<rowBlocks).steps(of: chunk) {
          var sum = [CountedInt16](repeating: call.zero(), count: Self.rows)
          for b in some {
            let strip = rows.lowerBound / Self.rows
            let block = call.weights.load((strip * rowBlocks + b) * blockBytes, count: blockBytes)
            let tables = call.prepared.loadSigned(
              t * tokenBytes(call.k) + header + b * Self.lookups * groupBytes,
              count: Self.lookups * groupBytes)
            for r in sum.indices { sum[r] += sumOfRow(r, block, tables, call) }
          }
          for r in total.indices { total[r] += sum[r].extended() }
        }
        store(total, rows, t, of: call, into: &y)
      }
    }
  }

  private func sumOfRow(
    _ r: Int, _ block: [CountedUInt8], _ tables: [CountedInt8], _ call: TwinCall
  ) -> CountedInt16 {
    var low = call.zero(Int8.self), high = low, sum = call.zero(Int16.self)
    for g in 0..<Self.lookups {
      let codes = block[signBytes + Self.rows * (g / 2) + r]
      let index = g % 2 == 1 ? codes >> 4 : codes & 15
      // A kernel without signs has none to test and nothing to negate.
      let negative = signBytes > 0 ? (block[r] & 0x80 >> UInt8(g)).value != 0 : nil
      func looked(_ entries: Int) -> CountedInt8 {
        let entry = call.tally.lookup(index, in: tables[(g * groupBytes + entries)...])
        return negative.map { entry.negated(if: $0) } ?? entry
      }
      if isLossy {
        sum += looked(0).extended()
      } else {
        low += looked(0)
        high += looked(Self.entries)
      }
    }
    return isLossy ? sum : low.extended() + high.times(31 as Int8)
  }

  private func store(
    _ total: [CountedInt32], _ rows: Range<Int>, _ t: Int, of call: TwinCall,
    into y: inout [Float]
  ) {
    var tokenScale = call.tokenScale(t)
    if isLossy {
      tokenScale = tokenScale * call.prepared.loadFloats(t * tokenBytes(call.k), at: 0, count: 1)[0]
    }
    for (r, i) in rows.enumerated() {
      call.store(total[r].float * (call.weightScale(i) * tokenScale), i, t, into: &y)
    }
  }

  /// tl1_portable, and with requantised entries tl1_lossy_portable.
  static func tl1(lossy: Bool) -> StripsTwin {
    StripsTwin(group: 2, signBytes: 0, chunk: lossy ? 20 : 10, isLossy: lossy) { x in
      let positive = [5: x[1], 6: x[0] - x[1], 7: x[0], 8: x[0] + x[1]]
      return positive.reduce(into: positive) { $0[8 - $1.key] = -$1.value }
    }
  }

  /// tl2_portable, and with requantised entries tl2_lossy_portable.
  static func tl2(lossy: Bool) -> StripsTwin {
    StripsTwin(group: 3, signBytes: 32, chunk: lossy ? 20 : 10, isLossy: lossy) { x in
      let two = [1: x[2], 2: x[1] - x[2], 3: x[1], 4: x[1] + x[2]]
      return two.reduce(into: two.merging([9: x[0]]) { $1 }) {
        $0[9 - $1.key] = x[0] - $1.value
        $0[9 + $1.key] = x[0] + $1.value
      }
    }
  }
}
