/// What a kernel executes and moves for some work, priced at one node: arithmetic, SRAM and DRAM apart.
///
/// Energies of memory are per byte, as for streams much longer than an access.
public struct KernelCost: Sendable {
  public let kernel: String
  /// Multiply-adds of the mathematics, M · N · K, without padding.
  public private(set) var macs: Int
  public private(set) var counts: KernelCounts
  /// The bytes by level, or why there is no figure.
  public private(set) var traffic: Result<MemoryTraffic, NoFigure>
  public let node: NodeEnergies
  /// The main memory; `nil` where the table has none.
  public let dram: MemoryEnergy?
  /// Whose operation energies these are.
  public let origin: String

  /// Prices one call, its prepare and its compute together.
  ///
  /// - Throws: `EnergyError`, where the table has no such node or DRAM, or cannot price an operation.
  public init(
    kernel: String, macs: Int, counts: KernelCounts, buffers: KernelBuffers,
    weights: WeightPlace, node: String, dram: String? = nil, energies: OperationEnergies = .builtIn
  ) throws(EnergyError) {
    let found = try energies.node(node)
    self.kernel = kernel
    self.macs = macs
    self.counts = counts
    self.node = found
    self.dram = if let dram { try found.dram(dram) } else { found.dram.first }
    origin = energies.origin
    do {
      traffic = .success(try MemoryTraffic(counts, buffers, weights: weights, node: found))
    } catch {
      traffic = .failure(error)
    }
    for operation in KernelCounts.Operation.allCases where counts[operation] > 0 {
      guard price(operation) != nil else {
        throw .unpriced(operation: operation.rawValue, node: node, origin: energies.origin)
      }
    }
  }

  /// Adds the same kernel's cost of other work.
  public mutating func add(_ other: KernelCost, times: Int) {
    precondition(kernel == other.kernel && node == other.node && dram == other.dram)
    macs += times * other.macs
    counts.add(other.counts, times: times)
    traffic = traffic.flatMap { mine in
      other.traffic.map { theirs in
        var sum = mine
        sum.add(theirs, times: times)
        return sum
      }
    }
  }

  /// The same cost so many times.
  public func times(_ count: Int) -> KernelCost {
    var product = self
    (product.macs, product.counts) = (0, KernelCounts())
    product.traffic = traffic.map { _ in MemoryTraffic.none }
    product.add(self, times: count)
    return product
  }

  func price(_ operation: KernelCounts.Operation) -> OperationPrice? {
    node.price(of: operation, bitOperationBits: counts.bitOperationBits)
  }
}

extension KernelCost {
  /// Joules of the operations, between the bounds of those without a published energy.
  public var arithmeticJoules: ClosedRange<Double> {
    sum(KernelCounts.Operation.allCases.map { ($0, counts[$0]) }) {
      price($0)?.picojoules ?? 0...0
    }
  }

  /// Joules of moving bytes to and from SRAM.
  public var sramJoules: Result<ClosedRange<Double>, NoFigure> {
    traffic.map { traffic in
      sum(node.sram.map { ($0, traffic.sramBytes[$0.name] ?? 0) }) { $0.picojoulesPerByte }
    }
  }

  /// Joules of moving bytes to and from main memory.
  public var dramJoules: Result<ClosedRange<Double>, NoFigure> {
    traffic.flatMap { traffic in
      guard traffic.dramBytes > 0 else { return .success(0...0) }
      guard let dram else {
        return .failure(NoFigure(reason: "the operation energies hold no DRAM at \(node.name)"))
      }
      return .success(sum([(dram, traffic.dramBytes)]) { $0.picojoulesPerByte })
    }
  }

  /// Arithmetic and memory together.
  public var totalJoules: Result<ClosedRange<Double>, NoFigure> {
    sramJoules.flatMap { sram in
      dramJoules.map { dram in
        let (low, high) = (arithmeticJoules.lowerBound, arithmeticJoules.upperBound)
        return low + sram.lowerBound + dram.lowerBound...high + sram.upperBound + dram.upperBound
      }
    }
  }

  /// What stands beside the arithmetic.
  public var arithmeticSource: String {
    "modelled: counted operations at \(node.name); \(origin) operation energies"
  }

  /// What stands beside the energy of SRAM.
  public var sramSource: String {
    let names = (try? traffic.get())?.sramBytes.keys.sorted() ?? []
    return "modelled: counted bytes; SRAM \(names.joined(separator: ", ")) at \(node.name); "
      + "\(origin) operation energies"
  }

  /// What stands beside the energy of main memory.
  public var dramSource: String {
    "modelled: counted bytes; \(dram?.name ?? "no DRAM") at \(node.name); "
      + "\(origin) operation energies"
  }

  private func sum<Item>(
    _ items: [(Item, Int)], price: (Item) -> ClosedRange<Double>
  ) -> ClosedRange<Double> {
    var low = 0.0, high = 0.0
    for (item, count) in items where count > 0 {
      low += Double(count) * price(item).lowerBound * 1e-12
      high += Double(count) * price(item).upperBound * 1e-12
    }
    return low...high
  }
}
