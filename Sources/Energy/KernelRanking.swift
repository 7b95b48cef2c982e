/// Kernels by the modelled energy of the same work, least first, and how firmly each place is held.
public struct KernelRanking: Sendable {
  /// By the middle of their ranges.
  public let places: [Place]
  /// Those without a figure for memory, and why.
  public let unplaced: [(cost: KernelCost, reason: NoFigure)]

  /// A kernel in the ranking.
  public struct Place: Sendable {
    public let cost: KernelCost
    public let joules: ClosedRange<Double>
  }

  /// Ranks costs of the same work at the same node.
  public init(_ costs: [KernelCost]) {
    var places: [Place] = [], unplaced: [(KernelCost, NoFigure)] = []
    for cost in costs {
      switch cost.totalJoules {
      case .success(let joules): places.append(Place(cost: cost, joules: joules))
      case .failure(let reason): unplaced.append((cost, reason))
      }
    }
    func middle(_ place: Place) -> Double { place.joules.lowerBound + place.joules.upperBound }
    self.places = places.sorted {
      (middle($0), $0.cost.kernel) < (middle($1), $1.cost.kernel)
    }
    self.unplaced = unplaced
  }

  /// Where a kernel takes less than another, as words.
  ///
  /// - Returns: "for DRAM above 12.3 pJ/byte", or why nothing is certain.
  public static func words(
    _ cost: KernelCost, beats other: KernelCost, varying memory: KernelCost.VariedMemory
  ) -> String {
    do {
      guard let dominance = try cost.dominance(over: other, varying: memory) else {
        return "at no price for certain"
      }
      return dominance.words(memory)
    } catch {
      return "no figure: \(error)"
    }
  }
}

extension Dominance {
  /// "for DRAM above 12.3 pJ/byte", "for SRAM below 0.5 times the table's".
  public func words(_ memory: KernelCost.VariedMemory) -> String {
    let (name, unit) =
      switch memory {
      case .dram: ("DRAM", " pJ/byte")
      case .sram: ("SRAM", " times the table's")
      }
    return switch (above, below) {
    case (let above?, _): "for \(name) above \(Self.digits(above))\(unit)"
    case (_, let below?): "for \(name) below \(Self.digits(below))\(unit)"
    default: "for any \(name)"
    }
  }

  /// Three significant digits, as nobody knows more.
  private static func digits(_ value: Double) -> String {
    guard value > 0 else { return "0" }
    var (scale, digits) = (1.0, value)
    while digits < 100 { (scale, digits) = (scale * 10, value * scale * 10) }
    let rounded = digits.rounded() / scale
    return rounded == rounded.rounded() && rounded < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}
