import Testing

@testable import Energy

private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * abs(b) }

@Suite struct KernelEnergyTests {
  /// A table that prices arithmetic alone, each operation at a picojoule.
  private static let bare =
    "schema = 1\n[sources]\ns = \"s\"\n"
    + ["add", "mul"].map { operation in
      "[nodes.1nm.\(operation)]\n"
        + ["int8", "int32", "fp16", "fp32"].map { "\($0) = { pj = 1, source = \"s\" }\n" }.joined()
    }.joined()

  @Test func everyClassHasItsPrice() throws {
    let node = try OperationEnergies.builtIn.node("7nm")
    let expected: [KernelCounts.Operation: ClosedRange<Double>] = [
      .addInt8: 0.007...0.007, .addInt16: 0.007...0.03, .addInt32: 0.03...0.03,
      .multiplyInt8: 0.07...0.07, .addFloat16: 0.16...0.16, .multiplyFloat16: 0.34...0.34,
      .addFloat32: 0.38...0.38, .multiplyFloat32: 1.31...1.31, .bitOperation: 0...0.06,
      .lookup: 0...7.5, .conversion: 0...0.38,
    ]
    for operation in KernelCounts.Operation.allCases {
      let price = try #require(node.price(of: operation))
      #expect(price.picojoules == expected[operation], "\(operation)")
      #expect(price.basis.hasPrefix(price.isPublished ? "published: " : "bounded: "))
    }
  }

  @Test func aBitOperationIsBoundedByItsWidth() throws {
    let node = try OperationEnergies.builtIn.node("45nm")
    for (bits, bound) in [(1, 0.03), (8, 0.03), (9, 0.1), (32, 0.1), (33, 0.2), (64, 0.2)] {
      let price = node.price(of: .bitOperation, bitOperationBits: bits)
      #expect(price?.picojoules == 0...bound, "\(bits)")
    }
  }

  /// Each class alone: a class that was forgotten or counted twice would show.
  @Test(arguments: KernelCounts.Operation.allCases)
  func oneClassAlone(operation: KernelCounts.Operation) throws {
    var counts = KernelCounts()
    counts[operation] = 1_000_000_000_000
    let price = try #require(OperationEnergies.builtIn.node("7nm").price(of: operation)).picojoules
    let joules = try KernelEnergy(counts, node: "7nm").arithmeticJoules
    #expect(close(joules.lowerBound, price.lowerBound), "\(joules)")
    #expect(close(joules.upperBound, price.upperBound), "\(joules)")
  }

  @Test func aKernelIsTheSumOfItsClasses() throws {
    var counts = KernelCounts()
    counts.bitOperationBits = 8
    counts[.addInt8] = 100
    counts[.addInt16] = 10
    counts[.multiplyFloat32] = 2
    counts[.bitOperation] = 50
    counts[.weights] = 1 << 40  // bytes are no arithmetic
    let energy = try KernelEnergy(counts, node: "7nm")
    #expect(close(energy.published, (0.7 + 2.62) * 1e-12))
    #expect(close(energy.bounded.lowerBound, 0.07e-12))
    #expect(close(energy.bounded.upperBound, (0.3 + 0.35) * 1e-12))
    #expect(energy.source.hasPrefix("modelled: "))
    #expect(counts[.weights] == 1 << 40)
    #expect(counts[.output] == 0)
  }

  /// A dot product of additions has the energy that the papers' rule gives it.
  @Test func additionsAloneAreThePapersLinearLayers() throws {
    var counts = KernelCounts()
    counts[.addInt8] = 1_067_030_937_600
    #expect(close(try KernelEnergy(counts, node: "7nm").published, 1.0670309376 * 0.007))
  }

  @Test func anOperationWithoutAPriceIsAnError() throws {
    let energies = try OperationEnergies(toml: Self.bare, origin: "bare.toml")
    var counts = KernelCounts()
    counts[.addInt8] = 1
    #expect(try KernelEnergy(counts, node: "1nm", energies: energies).published == 1e-12)
    counts[.lookup] = 1
    #expect(
      throws: EnergyError.unpriced(operation: "lookup", node: "1nm", origin: "bare.toml")
    ) { try KernelEnergy(counts, node: "1nm", energies: energies) }
  }
}

@Suite struct MemoryTrafficTests {
  @Test func bytesAreWholeAccesses() throws {
    let dram = try OperationEnergies.builtIn.node("7nm").dram("HBM2")
    for (bytes, accesses) in [(0, 0.0), (1, 1), (8, 1), (9, 2), (8_000, 1_000)] {
      let joules = dram.joules(bytes: bytes)
      #expect(close(joules.lowerBound, accesses * 250e-12), "\(bytes)")
      #expect(close(joules.upperBound, accesses * 450e-12), "\(bytes)")
    }
    #expect(dram.picojoulesPerByte == 31.25...56.25)
  }

  @Test func theSmallestSRAMThatHoldsThemServes() throws {
    let node = try OperationEnergies.builtIn.node("7nm")
    for (bytes, name) in [
      (0, "8KB"), (8192, "8KB"), (8193, "32KB"), (32_769, "1MB"), (1 << 20, "1MB"),
      ((1 << 20) + 1, nil),
    ] as [(Int, String?)] {
      #expect(node.sram(holding: bytes)?.name == name, "\(bytes)")
    }
  }

  @Test func anUnknownDRAMIsNamed() throws {
    let error = failure(EnergyError.self) {
      try OperationEnergies.builtIn.node("7nm").dram("HBM")
    }
    #expect(
      error?.description
        == "DRAM \"HBM\": node 7nm has none of that name; the nearest is \"HBM2\"; "
        + "it has DDR3/4, GDDR6, HBM2")
  }
}
