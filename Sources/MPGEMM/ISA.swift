internal import CKernels

/// A set of instruction-set extensions, as the kernel contract numbers them.
public struct ISA: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// What this CPU and operating system offer now.
  public static let current = ISA(rawValue: mpgemm_cpu_isa())

  /// Every bit the contract names, in its order, with the name shown to people.
  private static let bitNames: [(bit: ISA, name: String)] = [
    (ISA(MPGEMM_ISA_AVX2), "avx2"),
    (ISA(MPGEMM_ISA_AVX512), "avx512"),
    (ISA(MPGEMM_ISA_AVXVNNI), "avxvnni"),
    (ISA(MPGEMM_ISA_AVX512VNNI), "avx512vnni"),
    (ISA(MPGEMM_ISA_AVX512VBMI), "avx512vbmi"),
    (ISA(MPGEMM_ISA_AVX512VPOPCNTDQ), "avx512vpopcntdq"),
    (ISA(MPGEMM_ISA_AVX512BF16), "avx512bf16"),
    (ISA(MPGEMM_ISA_AMXINT8), "amxint8"),
    (ISA(MPGEMM_ISA_NEON), "neon"),
    (ISA(MPGEMM_ISA_DOTPROD), "dotprod"),
    (ISA(MPGEMM_ISA_I8MM), "i8mm"),
    (ISA(MPGEMM_ISA_SVE), "sve"),
  ]

  /// The names of the bits in this set; a bit without a name is `bitN`.
  public var names: [String] {
    var rest = self
    var names: [String] = []
    for (bit, name) in Self.bitNames where contains(bit) {
      names.append(name)
      rest.subtract(bit)
    }
    for index in 0..<UInt64.bitWidth where rest.rawValue >> UInt64(index) & 1 == 1 {
      names.append("bit\(index)")
    }
    return names
  }
}

extension ISA {
  /// One of the contract's bits, which C imports as a plain integer.
  fileprivate init(_ bit: Int) {
    self.init(rawValue: UInt64(bit))
  }
}
