import MPGEMM

/// A number whose arithmetic is counted.
///
/// It behaves as its `Value` does, traps where that overflows, and adds each operation to a tally. What
/// counts as what is said in docs/census.md; `extended` is free, because widening an integer is wires.
struct Counted<Value> {
  let value: Value
  unowned(unsafe) let tally: Tally

  init(_ value: Value, _ tally: Tally) {
    self.value = value
    self.tally = tally
  }
}

typealias CountedInt8 = Counted<Int8>
typealias CountedInt16 = Counted<Int16>
typealias CountedInt32 = Counted<Int32>
typealias CountedUInt8 = Counted<UInt8>
typealias CountedUInt32 = Counted<UInt32>
typealias CountedUInt64 = Counted<UInt64>
typealias CountedFloat = Counted<Float>

/// An integer of a width whose additions have a class of their own.
protocol AddedInteger: FixedWidthInteger {
  static func countAddition(_ counts: inout OperationCounts)
}

extension Int8: AddedInteger {
  static func countAddition(_ counts: inout OperationCounts) { counts.additionsInt8 += 1 }
}
extension Int16: AddedInteger {
  static func countAddition(_ counts: inout OperationCounts) { counts.additionsInt16 += 1 }
}
extension Int32: AddedInteger {
  static func countAddition(_ counts: inout OperationCounts) { counts.additionsInt32 += 1 }
}
extension UInt32: AddedInteger {
  static func countAddition(_ counts: inout OperationCounts) { counts.additionsInt32 += 1 }
}

/// Additions, and what an adder also does: subtraction, negation, magnitude, comparison.
extension Counted where Value: AddedInteger {
  private func added(_ value: Value) -> Counted {
    Value.countAddition(&tally.counts)
    return Counted(value, tally)
  }

  static func + (a: Counted, b: Counted) -> Counted { a.added(a.value + b.value) }
  static func - (a: Counted, b: Counted) -> Counted { a.added(a.value - b.value) }
  static func + (a: Counted, b: Value) -> Counted { a.added(a.value + b) }
  static func &+ (a: Counted, b: Counted) -> Counted { a.added(a.value &+ b.value) }
  static func &- (a: Counted, b: Counted) -> Counted { a.added(a.value &- b.value) }
  static func += (a: inout Counted, b: Counted) { a = a + b }
  static func &+= (a: inout Counted, b: Counted) { a = a &+ b }
  static prefix func - (a: Counted) -> Counted { a.added(0 - a.value) }

  /// The larger one.
  func maximum(_ other: Counted) -> Counted { added(max(value, other.value)) }

  /// A negation under a condition takes the adder whether or not it negates.
  func negated(if condition: Bool) -> Counted { added(condition ? 0 - value : value) }
}

extension Counted where Value: AddedInteger & SignedInteger {
  var magnitude: Counted { added(value < 0 ? 0 - value : value) }
}

/// Bit operations; a product with a power of two is a shift.
extension Counted where Value: FixedWidthInteger {
  private func bits(_ value: Value) -> Counted {
    tally.counts.bitOperations += 1
    return Counted(value, tally)
  }

  static func & (a: Counted, b: Value) -> Counted { a.bits(a.value & b) }
  static func & (a: Counted, b: Counted) -> Counted { a.bits(a.value & b.value) }
  static func | (a: Counted, b: Counted) -> Counted { a.bits(a.value | b.value) }
  static func ^ (a: Counted, b: Counted) -> Counted { a.bits(a.value ^ b.value) }
  static func >> (a: Counted, b: Int) -> Counted { a.bits(a.value >> b) }
  static func << (a: Counted, b: Int) -> Counted { a.bits(a.value << b) }

  /// The number of ones.
  var population: CountedInt32 {
    tally.counts.bitOperations += 1
    return CountedInt32(Int32(value.nonzeroBitCount), tally)
  }

  /// The same number in another width, which it fits.
  func extended<Wider: FixedWidthInteger>(to: Wider.Type = Wider.self) -> Counted<Wider> {
    Counted<Wider>(Wider(value), tally)
  }

  /// The bits that another width has room for.
  func truncated<Narrower: FixedWidthInteger>(
    to: Narrower.Type = Narrower.self
  ) -> Counted<Narrower> {
    Counted<Narrower>(Narrower(truncatingIfNeeded: value), tally)
  }

  /// The float of this value.
  var float: CountedFloat {
    tally.counts.conversions += 1
    return CountedFloat(Float(value), tally)
  }

  /// The product of two bytes, whole, in a width that holds it.
  func times<Other: FixedWidthInteger, Product: FixedWidthInteger>(
    _ other: Counted<Other>, as: Product.Type = Product.self
  ) -> Counted<Product> {
    times(other.value)
  }

  func times<Other: FixedWidthInteger, Product: FixedWidthInteger>(
    _ other: Other, as: Product.Type = Product.self
  ) -> Counted<Product> {
    precondition(Value.bitWidth == 8 && Other.bitWidth == 8, "products are of bytes")
    tally.counts.multipliesInt8 += 1
    return Counted<Product>(Product(Int(value) * Int(other)), tally)
  }
}

extension Counted<Float> {
  static func + (a: Counted, b: Counted) -> Counted {
    a.tally.counts.additionsFloat32 += 1
    return Counted(a.value + b.value, a.tally)
  }

  static func += (a: inout Counted, b: Counted) { a = a + b }

  static func * (a: Counted, b: Counted) -> Counted { a.multiplied(a.value * b.value) }
  static func * (a: Counted, b: Float) -> Counted { a.multiplied(a.value * b) }
  /// A division is counted as a product: its energy is not published.
  static func / (a: Counted, b: Counted) -> Counted { a.multiplied(a.value / b.value) }

  private func multiplied(_ value: Float) -> Counted {
    tally.counts.multipliesFloat32 += 1
    return Counted(value, tally)
  }

  /// The nearest integer, ties to even: one conversion, however it is done.
  func rounded<Integer: FixedWidthInteger>(to: Integer.Type = Integer.self) -> Counted<Integer> {
    tally.counts.conversions += 1
    return Counted<Integer>(Integer(value.rounded(.toNearestOrEven)), tally)
  }

  /// The bits of the magnitude, which order as the magnitudes do.
  var magnitudeBits: CountedInt32 {
    CountedInt32(Int32(bitPattern: value.bitPattern), tally) & Int32.max
  }
}
