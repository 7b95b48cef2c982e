internal import CKernels

/// One implementation of per-token absmax int8 quantization (`mpgemm_quantizer.h`); all give the same bits.
public struct Quantizer: Sendable {
  /// The instruction set it is written for, for example `portable` or `avx2`.
  public let name: String
  public let requiredISA: ISA
  let function:
    @convention(c) (
      Int, Int, UnsafePointer<Float>?, Int, UnsafeMutablePointer<Int8>?, Int,
      UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Int32>?
    ) -> Void

  /// Every implementation of this build, most demanding first.
  public static let all: [Quantizer] = {
    var list: [Quantizer] = []
    var next = mpgemm_quantizers()
    while let entry = next, let quantizer = entry.pointee {
      if let name = quantizer.pointee.name, let function = quantizer.pointee.quantize {
        list.append(
          Quantizer(
            name: String(cString: name), requiredISA: ISA(rawValue: quantizer.pointee.isa),
            function: function))
      }
      next = entry + 1
    }
    return list
  }()

  /// The first that this CPU can run; the portable one always can.
  public static let best: Quantizer? = all.first { ISA.current.isSuperset(of: $0.requiredISA) }

  /// Quantizes some tokens.
  ///
  /// - Parameters:
  ///   - tokens: Which tokens.
  ///   - inFeatures: K, also the stride of `values` and `codes` in elements.
  ///   - values: Floats, token after token.
  ///   - codes: Int8 codes out, token after token.
  ///   - scales: One float a token out.
  ///   - sums: One Int32 a token out.
  public func quantize(
    tokens: Range<Int>, inFeatures: Int, values: Buffer, codes: Buffer, scales: Buffer,
    sums: Buffer
  ) {
    let first = tokens.lowerBound
    let end = tokens.upperBound * inFeatures
    precondition(first >= 0 && values.count >= end * 4 && codes.count >= end)
    precondition(scales.count >= tokens.upperBound * 4 && sums.count >= tokens.upperBound * 4)
    function(
      tokens.count, inFeatures,
      UnsafePointer(values.address.assumingMemoryBound(to: Float.self)) + first * inFeatures,
      inFeatures, codes.address.assumingMemoryBound(to: Int8.self) + first * inFeatures, inFeatures,
      scales.address.assumingMemoryBound(to: Float.self) + first,
      sums.address.assumingMemoryBound(to: Int32.self) + first)
  }
}
