/// The prices of memory at which one kernel takes less energy than another, whatever the operations
/// without a published energy cost between their bounds.
public struct Dominance: Sendable, Equatable {
  /// The price has to be above this; `nil`: any, from 0.
  public let above: Double?
  /// The price has to be below this; `nil`: however high.
  public let below: Double?

  /// Whether it holds at a price.
  public func holds(at price: Double) -> Bool {
    above.map { price > $0 } ?? true && below.map { price < $0 } ?? true
  }

  /// Solves `constant + slope · price < 0` for prices from 0.
  ///
  /// - Returns: `nil` where no price does it.
  init?(constant: Double, slope: Double) {
    let crossing = -constant / slope
    if slope == 0 || (constant < 0 && slope < 0) {
      guard constant < 0 else { return nil }
      (above, below) = (nil, nil)
    } else if slope < 0 {
      (above, below) = (crossing, nil)
    } else {
      guard constant < 0 else { return nil }
      (above, below) = (nil, crossing)
    }
  }
}

extension KernelCost {
  /// What is varied to see whether a ranking holds.
  public enum VariedMemory: Sendable {
    /// Picojoules of a byte of main memory, SRAM being the table's.
    case dram
    /// A factor on the table's SRAM energies, DRAM being the table's.
    case sram
  }

  /// Where this kernel takes less energy than another at the same work.
  ///
  /// An operation without a published energy has one price, between its bounds, for both kernels; bit
  /// operations may differ in width, and so in price.
  ///
  /// - Returns: `nil` where no price makes it certain.
  /// - Throws: `NoFigure` where the memory of one of them has none.
  public func dominance(
    over other: KernelCost, varying memory: VariedMemory
  ) throws(NoFigure) -> Dominance? {
    let mine = try traffic.get(), theirs = try other.traffic.get()
    var constant = largestArithmeticExcess(over: other)
    let dramBytes = Double(mine.dramBytes - theirs.dramBytes)
    var sram = 0.0  // the largest excess at the table's prices
    for level in node.sram {
      let bytes = (mine.sramBytes[level.name] ?? 0) - (theirs.sramBytes[level.name] ?? 0)
      sram += Self.largest(Double(bytes), level.picojoulesPerByte)
    }
    switch memory {
    case .dram:
      return Dominance(constant: constant + sram, slope: dramBytes)
    case .sram:
      if dramBytes != 0 {
        guard let dram else {
          throw NoFigure(reason: "the operation energies hold no DRAM at \(node.name)")
        }
        constant += Self.largest(dramBytes, dram.picojoulesPerByte)
      }
      return Dominance(constant: constant, slope: sram)
    }
  }

  /// Picojoules by which this kernel's arithmetic may exceed another's, at most.
  private func largestArithmeticExcess(over other: KernelCost) -> Double {
    KernelCounts.Operation.allCases.reduce(0.0) { excess, operation in
      let (mine, theirs) = (Double(counts[operation]), Double(other.counts[operation]))
      let price = price(operation)?.picojoules ?? 0...0
      if operation == .bitOperation {
        let otherPrice = other.price(operation)?.picojoules ?? 0...0
        return excess + mine * price.upperBound - theirs * otherPrice.lowerBound
      }
      return excess + Self.largest(mine - theirs, price)
    }
  }

  private static func largest(_ factor: Double, _ price: ClosedRange<Double>) -> Double {
    max(factor * price.lowerBound, factor * price.upperBound)
  }
}
