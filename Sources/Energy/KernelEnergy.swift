/// The modelled arithmetic energy of what a kernel executes.
///
/// Arithmetic alone: the energy of moving its bytes depends on where they lie, and is `MemoryEnergy`'s to tell.
public struct KernelEnergy: Sendable, Equatable {
  /// Joules of the operations whose energy is published.
  public let published: Double
  /// Joules of the others, between their bounds.
  public let bounded: ClosedRange<Double>
  /// "7nm".
  public let node: String
  /// Whose operation energies these are.
  public let origin: String

  /// Prices a kernel's counts.
  ///
  /// - Throws: `EnergyError`, where the table cannot price an operation that was counted.
  public init(
    _ counts: KernelCounts, node name: String, energies: OperationEnergies = .builtIn
  ) throws(EnergyError) {
    let node = try energies.node(name)
    var published = 0.0, low = 0.0, high = 0.0
    for operation in KernelCounts.Operation.allCases where counts[operation] > 0 {
      guard
        let price = node.price(of: operation, bitOperationBits: counts.bitOperationBits)
      else {
        throw .unpriced(operation: operation.rawValue, node: name, origin: energies.origin)
      }
      let joules = Double(counts[operation]) * 1e-12
      if price.isPublished {
        published += joules * price.picojoules.lowerBound
      } else {
        low += joules * price.picojoules.lowerBound
        high += joules * price.picojoules.upperBound
      }
    }
    self.published = published
    bounded = low...high
    self.node = name
    origin = energies.origin
  }

  /// All arithmetic, between its bounds.
  public var arithmeticJoules: ClosedRange<Double> {
    published + bounded.lowerBound...published + bounded.upperBound
  }

  /// What stands beside the figure.
  public var source: String {
    "modelled: arithmetic of the kernel's counted operations at \(node), no memory traffic; "
      + "\(origin) operation energies"
  }
}
