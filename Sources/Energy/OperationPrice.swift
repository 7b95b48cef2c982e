/// What one of a kernel's operations costs: a published energy, or the bounds that published energies give it.
public struct OperationPrice: Sendable, Equatable {
  /// One number where the energy is published.
  public let picojoules: ClosedRange<Double>
  /// Whether somebody has published it.
  public let isPublished: Bool
  /// Why it is that.
  public let basis: String
}

extension NodeEnergies {
  /// Prices an operation; a bit operation has at most so many bits.
  ///
  /// Four classes have no published energy and are bounded by circuits that have one, and contain them:
  /// a 16-bit adder lies between the 8-bit and the 32-bit; a bit operation is no more than the full
  /// adders of its width; a lookup in registers is no more than a read of the smallest SRAM; a
  /// conversion is the alignment and rounding inside a float32 addition. The last three may cost next
  /// to nothing (wires), so that their lower bound is 0.
  ///
  /// - Returns: The price; `nil` for a lookup where the table holds no SRAM to bound it.
  public func price(
    of operation: KernelCounts.Operation, bitOperationBits: Int = 64
  ) -> OperationPrice? {
    func published(_ energy: OperationEnergy) -> OperationPrice {
      OperationPrice(
        picojoules: energy.picojoules...energy.picojoules, isPublished: true,
        basis: "published: \(energy.source)")
    }
    // A user's table may have the ends the other way round.
    func bounded(_ low: Double, _ high: Double, _ words: String) -> OperationPrice {
      OperationPrice(
        picojoules: min(low, high)...max(low, high), isPublished: false,
        basis: "bounded: \(words)")
    }
    switch operation {
    case .addInt8: return published(add.int8)
    case .addInt32: return published(add.int32)
    case .multiplyInt8: return published(multiply.int8)
    case .addFloat16: return published(add.fp16)
    case .multiplyFloat16: return published(multiply.fp16)
    case .addFloat32: return published(add.fp32)
    case .multiplyFloat32: return published(multiply.fp32)
    case .addInt16:
      return bounded(
        add.int8.picojoules, add.int32.picojoules, "between an INT8 and an INT32 addition")
    case .bitOperation:
      precondition((1...64).contains(bitOperationBits), "a bit operation has 1 to 64 bits")
      switch bitOperationBits {
      case ...8: return bounded(0, add.int8.picojoules, "at most an INT8 addition")
      case ...32: return bounded(0, add.int32.picojoules, "at most an INT32 addition")
      default:
        // 64 full adders; a population count of 64 bits takes 57, and 6 half adders.
        return bounded(0, 2 * add.int32.picojoules, "at most two INT32 additions")
      }
    case .lookup:
      guard let smallest = sram.first else { return nil }
      return bounded(
        0, smallest.picojoulesPerAccess.upperBound,
        "at most a read of \(smallest.bitsPerAccess) bits of \(smallest.name) SRAM")
    case .conversion: return bounded(0, add.fp32.picojoules, "at most an FP32 addition")
    }
  }
}
