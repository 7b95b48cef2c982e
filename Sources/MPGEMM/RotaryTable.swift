internal import CKernels

/// Cosines and sines of rotary position embedding, for positions from 0.
public final class RotaryTable: Sendable {
  /// Half a head's width: how many angles a position has.
  public let half: Int
  public let positions: Int
  let cosine: Buffer
  let sine: Buffer

  /// Computes the angles, the same bits on every machine.
  ///
  /// - Parameters:
  ///   - headDim: The width of a head, even.
  ///   - positions: How many positions.
  ///   - theta: The base: angle i of position p is p · theta^(−2 i / headDim).
  ///   - factors: What each frequency is divided by; nil: nothing.
  public init(headDim: Int, positions: Int, theta: Double, factors: [Float]? = nil) {
    precondition(headDim.isMultiple(of: 2) && theta > 0 && theta.isFinite)
    precondition(factors.map { $0.count == headDim / 2 } ?? true)
    half = headDim / 2
    self.positions = positions
    cosine = Buffer(count: half * positions * MemoryLayout<Float>.stride)
    sine = Buffer(count: half * positions * MemoryLayout<Float>.stride)
    let (c, s) = (cosine.floats(0..<positions, half), sine.floats(0..<positions, half))
    if let factors {
      mpgemm_rotary_table(half, positions, theta, factors, c, s)
    } else {
      mpgemm_rotary_table(half, positions, theta, nil, c, s)
    }
  }
}
