import Testing

@testable import Energy

/// A table whose prices are easy: an operation a picojoule, SRAM 1 and 4 pJ a byte, DRAM 100 or 10 to 20.
private let easy: OperationEnergies = {
  let values = ["int8", "int32", "fp16", "fp32"]
    .map { "\($0) = { pj = 1, source = \"s\" }\n" }.joined()
  let toml = """
    schema = 1
    [sources]
    s = "s"
    [nodes.1nm.add]
    \(values)
    [nodes.1nm.mul]
    \(values)
    [nodes.1nm.sram]
    small = { bytes = 1000, bits = 64, pj = 8, source = "s" }
    large = { bytes = 10000, bits = 64, pj = 32, source = "s" }
    [nodes.1nm.dram]
    plain = { bits = 64, pj = 800, source = "s" }
    ranged = { bits = 64, pj_min = 80, pj_max = 160, source = "s" }
    """
  do { return try OperationEnergies(toml: toml, origin: "easy.toml") } catch {
    fatalError("\(error)")
  }
}()

/// A kernel of so many operations, with streams of so many bytes that are each read once.
private func cost(
  _ kernel: String, _ operations: [KernelCounts.Operation: Int], weights: Int, prepared: Int = 0,
  dram: String = "plain"
) throws -> KernelCost {
  var counts = KernelCounts()
  for (operation, count) in operations { counts[operation] = count }
  counts[.weights] = weights
  counts[.prepared] = prepared
  return try KernelCost(
    kernel: kernel, macs: 10, counts: counts,
    buffers: KernelBuffers(
      packedBytes: weights, tileWeightBytes: weights, weightPasses: 1, inputBytes: 0,
      preparedBytes: prepared, scratchBytes: 0, outputBytes: 0),
    weights: .memory, node: "1nm", dram: dram, energies: easy)
}

@Suite struct DominanceTests {
  /// 1000 pJ + 100 d against 400 pJ + 130 d: they meet at d = 600 / 30 = 20.
  @Test func theCrossingIsWhereTheLinesMeet() throws {
    let few = try cost("few", [.addInt8: 1000], weights: 100)
    let many = try cost("many", [.addInt8: 400], weights: 130)
    let above = try #require(try few.dominance(over: many, varying: .dram))
    let below = try #require(try many.dominance(over: few, varying: .dram))
    #expect((above.above, above.below) == (20, nil))
    #expect((below.above, below.below) == (nil, 20))
    #expect(!above.holds(at: 20) && above.holds(at: 20.1) && below.holds(at: 0))
    #expect(above.words(.dram) == "for DRAM above 20 pJ/byte")
    #expect(below.words(.dram) == "for DRAM below 20 pJ/byte")
  }

  /// Ten lookups are 0 to 80 pJ: certain only from 80 / 10 = 8 on, and never the other way round.
  @Test func boundsMoveTheCrossingToTheSafeSide() throws {
    let table = try cost("table", [.lookup: 10], weights: 100)
    let plain = try cost("plain", [:], weights: 110)
    #expect(try table.dominance(over: plain, varying: .dram)?.above == 8)
    #expect(try plain.dominance(over: table, varying: .dram) == nil)
    #expect(
      KernelRanking.words(plain, beats: table, varying: .dram) == "at no price for certain")
  }

  /// A lookup costs both the same, whatever it costs; a bit operation of another width does not.
  @Test func aSharedUnknownCancels() throws {
    let less = try cost("less", [.lookup: 10, .addInt8: 1], weights: 100)
    let more = try cost("more", [.lookup: 10, .addInt8: 2], weights: 100)
    #expect(try less.dominance(over: more, varying: .dram)?.words(.dram) == "for any DRAM")
    let bits = try cost("bits", [.bitOperation: 1], weights: 100)
    let same = try cost("same", [.bitOperation: 1], weights: 100)
    #expect(try bits.dominance(over: same, varying: .dram) == nil)
  }

  /// -1000 pJ + 100 bytes · 1 pJ · f: SRAM may cost ten times the table's.
  @Test func sramIsVariedByAFactor() throws {
    let prepared = try cost("prepared", [:], weights: 100, prepared: 100)
    let plain = try cost("plain", [.addInt8: 1000], weights: 100)
    #expect(try prepared.dominance(over: plain, varying: .sram)?.below == 10)
    #expect(
      KernelRanking.words(prepared, beats: plain, varying: .sram)
        == "for SRAM below 10 times the table's")
    // 10 to 20 pJ a byte for 10 bytes more: at worst -1000 + 200 + 100 f.
    let wide = try cost("wide", [:], weights: 110, prepared: 100, dram: "ranged")
    let narrow = try cost("narrow", [.addInt8: 1000], weights: 100, dram: "ranged")
    #expect(try wide.dominance(over: narrow, varying: .sram)?.below == 8)
  }

  @Test func equalsDoNotBeatEachOther() throws {
    let a = try cost("a", [.addInt8: 1], weights: 100)
    let b = try cost("b", [.addInt8: 1], weights: 100)
    for memory in [KernelCost.VariedMemory.dram, .sram] {
      #expect(try a.dominance(over: b, varying: memory) == nil)
    }
  }

  @Test func theRankingIsByTheMiddle() throws {
    let costs = [
      try cost("table", [.lookup: 1000], weights: 10),  // 1000 to 9000
      try cost("plain", [.addInt8: 100], weights: 10),  // 1100
      try cost("heavy", [:], weights: 100),  // 10000
    ]
    let places = KernelRanking(costs).places
    #expect(places.map(\.cost.kernel) == ["plain", "table", "heavy"])
    #expect(abs(places[1].joules.lowerBound - 1000e-12) < 1e-18)
    #expect(abs(places[1].joules.upperBound - 9000e-12) < 1e-18)
  }
}

@Suite struct KernelCostTests {
  private let buffers = KernelBuffers(
    packedBytes: 2000, tileWeightBytes: 500, weightPasses: 2, inputBytes: 100, preparedBytes: 5000,
    scratchBytes: 0, outputBytes: 20000)
  private let counts = {
    var counts = KernelCounts()
    counts[.addInt8] = 7
    counts[.weights] = 9000
    counts[.input] = 100
    counts[.prepared] = 300
    counts[.output] = 40
    return counts
  }()

  private func cost(_ place: WeightPlace) throws -> KernelCost {
    try KernelCost(
      kernel: "k", macs: 70, counts: counts, buffers: buffers, weights: place, node: "1nm",
      energies: easy)
  }

  /// Weights twice from memory, what is read more often from where the tile fits; no SRAM holds y.
  @Test func streamsGoToTheLevelsThatHoldThem() throws {
    let cold = try cost(.memory)
    let traffic = try cold.traffic.get()
    #expect(traffic.dramBytes == 4000 + 40)
    #expect(traffic.sramBytes == ["small": 5000 + 100, "large": 300])
    #expect(try cold.dramJoules.get() == 4040 * 100e-12...4040 * 100e-12)
    let sram = try cold.sramJoules.get()
    #expect(abs(sram.lowerBound - (5100 * 1 + 300 * 4) * 1e-12) < 1e-20)
    #expect(cold.arithmeticJoules.lowerBound == 7e-12)
    let total = try cold.totalJoules.get()
    #expect(abs(total.lowerBound - (7 + 404_000 + 6300) * 1e-12) < 1e-18)

    let hot = try cost(.cache).traffic.get()
    #expect(hot.dramBytes == 40)
    #expect(hot.sramBytes == ["small": 100, "large": 9000 + 300])
  }

  @Test func aCacheThatNobodyPricedHasNoFigure() throws {
    var large = buffers
    large.packedBytes = 10001
    let cost = try KernelCost(
      kernel: "k", macs: 70, counts: counts, buffers: large, weights: .cache, node: "1nm",
      energies: easy)
    guard case .failure(let reason) = cost.totalJoules else {
      Issue.record("a figure for a cache without a price")
      return
    }
    #expect(reason.reason.contains("10001 bytes") && reason.reason.contains("large"))
    #expect(cost.arithmeticJoules.lowerBound == 7e-12)
    let ranking = KernelRanking([cost, try self.cost(.cache)])
    #expect(ranking.places.count == 1 && ranking.unplaced.count == 1)
  }

  @Test func layersAddUpAsOftenAsTheyOccur() throws {
    let one = try cost(.memory)
    var sum = one.times(30)
    sum.add(one, times: 12)
    #expect(sum.macs == 42 * 70 && sum.counts[.addInt8] == 42 * 7)
    #expect(try sum.traffic.get().dramBytes == 42 * 4040)
    #expect(try sum.traffic.get().sramBytes["large"] == 42 * 300)
  }

  @Test func aNodeWithoutDRAMHasNoFigureForIt() throws {
    let toml =
      "schema = 1\n[sources]\ns = \"s\"\n"
      + ["add", "mul"].map { operation in
        "[nodes.1nm.\(operation)]\n"
          + ["int8", "int32", "fp16", "fp32"].map { "\($0) = { pj = 1, source = \"s\" }\n" }
          .joined()
      }.joined()
    let bare = try OperationEnergies(toml: toml, origin: "bare.toml")
    let cost = try KernelCost(
      kernel: "k", macs: 70, counts: counts, buffers: buffers, weights: .memory, node: "1nm",
      energies: bare)
    #expect(throws: NoFigure.self) { try cost.dramJoules.get() }
  }
}
