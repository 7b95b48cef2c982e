import MPGEMM
import Machine

/// Refuses shapes whose data would not fit this machine, before anything is allocated.
enum MemoryCheck {
  /// Checks that a shape can be verified and measured by every kernel.
  ///
  /// - Throws: `Failure` with the usage exit code, naming the shape, what it needs and what there is.
  static func require(_ shapes: [Shape], for kernels: [Kernel]) throws {
    guard case .value(let memory) = OperatingSystem.read().memoryBytes else { return }
    for shape in shapes {
      let bytes = need(shape, largestBits: kernels.map(\.bitsPerWeight).max() ?? 32)
      guard bytes <= Double(memory) else {
        throw Failure.usage(
          "shape \(shape): needs about \(gibibytes(bytes)) GiB and this machine has "
            + "\(gibibytes(Double(memory))) GiB; choose a smaller shape")
      }
    }
  }

  /// Bytes, in floating point since three dimensions of 2³¹ overflow any integer.
  private static func need(_ shape: Shape, largestBits: Double) -> Double {
    let m = Double(shape.outFeatures)
    let n = Double(shape.tokens)
    let k = Double(shape.inFeatures)
    // The weights as bytes and packed; a token's floats, wide copies for the oracle and tables of
    // up to 16 bytes an input; outputs as floats, sums and expectations.
    return m * k * (1 + largestBits / 8) + n * k * 32 + n * m * 32
  }

  private static func gibibytes(_ bytes: Double) -> Int {
    Int((bytes / Double(1 << 30)).rounded(.up))
  }
}
