import MPGEMM

/// What has been executed and moved so far: counting scalars and streams add to it.
final class Tally {
  var counts = OperationCounts()

  /// Looks an entry of a table up.
  ///
  /// The table is at hand: it was loaded before, and counted then.
  func lookup<Value>(_ index: CountedUInt8, in table: ArraySlice<Counted<Value>>) -> Counted<Value>
  {
    counts.lookups += 1
    return table[table.startIndex + Int(index.value)]
  }
}

/// A stream of bytes that a twin loads from: every load is counted, what it then holds is free.
struct Stream {
  let bytes: [UInt8]
  let size: WritableKeyPath<OperationCounts, Int>
  unowned(unsafe) let tally: Tally

  func load(_ offset: Int, count: Int) -> [CountedUInt8] {
    tally.counts[keyPath: size] += count
    return bytes[offset..<offset + count].map { CountedUInt8($0, tally) }
  }

  func loadSigned(_ offset: Int, count: Int) -> [CountedInt8] {
    tally.counts[keyPath: size] += count
    return bytes[offset..<offset + count].map { CountedInt8(Int8(bitPattern: $0), tally) }
  }

  /// 32-bit values, beginning at element `index` behind `offset` bytes.
  func loadFloats(_ offset: Int = 0, at index: Int, count: Int) -> [CountedFloat] {
    loadWords(offset, at: index, count: count).map { CountedFloat(Float(bitPattern: $0), tally) }
  }

  func loadInt32(_ offset: Int, at index: Int) -> CountedInt32 {
    CountedInt32(Int32(bitPattern: loadWords(offset, at: index, count: 1)[0]), tally)
  }

  func loadWords(_ offset: Int = 0, at index: Int, count: Int) -> [UInt32] {
    tally.counts[keyPath: size] += 4 * count
    return (index..<index + count).map { Stream.word(bytes, offset + 4 * $0) }
  }

  /// A little-endian word; uncounted.
  static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
  }
}
