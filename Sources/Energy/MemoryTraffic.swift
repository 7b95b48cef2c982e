extension MemoryEnergy {
  /// The joules of moving so many bytes, in whole accesses: between the ends of the source's range.
  public func joules(bytes: Int) -> ClosedRange<Double> {
    precondition(bytes >= 0, "bytes are counted")
    let whole = Double(bytes) * 8 / Double(bitsPerAccess)
    let accesses = whole.rounded(.up) * 1e-12
    return accesses * picojoulesPerAccess.lowerBound...accesses * picojoulesPerAccess.upperBound
  }

  /// Picojoules of one byte, for a stream much longer than an access.
  public var picojoulesPerByte: ClosedRange<Double> {
    let accesses = 8 / Double(bitsPerAccess)
    return accesses * picojoulesPerAccess.lowerBound...accesses * picojoulesPerAccess.upperBound
  }
}

extension NodeEnergies {
  /// The smallest SRAM that holds so many bytes; `nil` beyond the largest that somebody has published.
  public func sram(holding bytes: Int) -> MemoryEnergy? {
    sram.first { $0.capacityBytes ?? 0 >= bytes }
  }

  /// Returns the DRAM of that name.
  public func dram(_ name: String) throws(EnergyError) -> MemoryEnergy {
    guard let memory = dram.first(where: { $0.name == name }) else {
      throw .unknownMemory(name: name, node: self.name, known: dram.map(\.name))
    }
    return memory
  }
}
