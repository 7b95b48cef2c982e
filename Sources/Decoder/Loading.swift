internal import MPGEMM

/// How ternary weights came into memory: packed for a kernel's layout, or mapped because they lay in it.
public struct Loading: Sendable, Equatable {
  /// Seconds of reading matrices that had to be packed, to a byte a weight; of synthetic ones, of making them.
  public private(set) var unpackSeconds = 0.0
  /// Seconds of packing these.
  public private(set) var packSeconds = 0.0
  /// The bytes that they take packed.
  public private(set) var packedBytes = 0
  /// Seconds of checking the matrices that are used where they lie.
  public private(set) var mapSeconds = 0.0
  public private(set) var mappedBytes = 0

  mutating func addPacked(
    _ matrix: PackedMatrix, unpackSeconds: Double, packSeconds: Double
  ) {
    self.unpackSeconds += unpackSeconds
    self.packSeconds += packSeconds
    packedBytes += matrix.packedBytes
  }

  mutating func addMapped(_ matrix: PackedMatrix, seconds: Double) {
    mapSeconds += seconds
    mappedBytes += matrix.packedBytes
  }
}
