internal import CKernels

/// One implementation of mpGEMM behind the kernel contract (`kernels/include/mpgemm_kernel.h`).
public struct Kernel: Sendable {
  /// `family[_variant]_isa`, for example `tl2_lossy_avx2`.
  public let name: String
  /// The family, which is also the name's beginning.
  public let family: String
  /// One line for people.
  public let summary: String
  /// Identifies the bytes of packed weights: kernels of equal layout share them.
  public let layout: String
  /// Identifies the bytes of prepared activations: kernels of equal preparation share them.
  public let preparation: String
  /// Kernels of equal numerics give equal bits; nil where float sums run in any order.
  public let numerics: String?
  /// What the CPU must offer.
  public let requiredISA: ISA
  /// What the kernel reads: float32 tokens, or tokens quantized to int8 (or int4) codes.
  public let activation: Activation
  /// Whether weights may be zero.
  public let weights: WeightKind
  /// Bits of packed weights per weight, for whole blocks.
  public let bitsPerWeight: Double
  /// The bound on errors, 0 for bit-exact.
  ///
  /// Otherwise |y − exact| ≤ tolerance · K · max|x| · |scales| on any data.
  public let tolerance: Double
  /// The largest normalised mean square error on random data.
  public let nmse: Double

  let functions: KernelFunctions

  public enum Activation: Sendable, Hashable {
    case float32, int8, int4
  }

  public enum WeightKind: Sendable, Hashable {
    case ternary, binary
  }

  /// Whether results equal exact integer arithmetic to the bit.
  public var isLossless: Bool { tolerance == 0 }

  /// The part of the required ISA that this CPU lacks.
  public var missingISA: ISA { requiredISA.subtracting(.current) }

  /// Whether this CPU can run it.
  public var isRunnable: Bool { missingISA.isEmpty }

  /// The name's last part, for example `portable` or `avx2`.
  public var isaName: String { String(name.drop { $0 != "_" }.split(separator: "_").last ?? "") }

  /// Reads and checks a descriptor.
  ///
  /// - Throws: `KernelError.invalidDescriptor`, naming the field that is wrong.
  init(_ descriptor: UnsafePointer<mpgemm_kernel>) throws {
    let functions = try KernelFunctions(descriptor)
    let c = descriptor.pointee
    guard let name = c.name, let family = c.family, let summary = c.summary,
      let layout = c.layout, let preparation = c.preparation
    else {
      throw KernelError.invalidDescriptor(
        name: c.name.map { String(cString: $0) } ?? KernelFunctions.unnamed, field: "a null string")
    }
    self.functions = functions
    self.name = String(cString: name)
    self.family = String(cString: family)
    self.summary = String(cString: summary)
    self.layout = String(cString: layout)
    self.preparation = String(cString: preparation)
    numerics = c.numerics.map { String(cString: $0) }
    requiredISA = ISA(rawValue: c.isa)
    switch Int(c.activation) {
    case MPGEMM_ACT_FLOAT32: activation = .float32
    case MPGEMM_ACT_INT8: activation = .int8
    case MPGEMM_ACT_INT4: activation = .int4
    default: throw KernelError.invalidDescriptor(name: self.name, field: "activation")
    }
    switch Int(c.weights) {
    case MPGEMM_W_TERNARY: weights = .ternary
    case MPGEMM_W_BINARY: weights = .binary
    default: throw KernelError.invalidDescriptor(name: self.name, field: "weights")
    }
    bitsPerWeight = Self.decimal(c.bits_per_weight)
    tolerance = Self.decimal(c.tolerance)
    nmse = Self.decimal(c.nmse)
    guard bitsPerWeight > 0, tolerance >= 0, nmse >= 0 else {
      throw KernelError.invalidDescriptor(
        name: self.name, field: "bits_per_weight, tolerance or nmse")
    }
    guard self.name.hasPrefix(self.family + "_") else {
      throw KernelError.invalidDescriptor(
        name: self.name, field: "name, which does not begin with its family \(self.family)_")
    }
  }
}

extension Kernel {
  /// The number that a descriptor's author wrote: the shortest decimal that gives this float.
  private static func decimal(_ value: Float) -> Double {
    Double("\(value)") ?? Double(value)
  }
}

extension Kernel: Hashable {
  public static func == (a: Kernel, b: Kernel) -> Bool {
    a.name == b.name && a.functions.descriptor == b.functions.descriptor
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
  }
}

extension Kernel: CustomStringConvertible {
  public var description: String { name }
}

/// The descriptor's functions, known to be there, with the descriptor they take.
struct KernelFunctions: @unchecked Sendable {  // The descriptor is static and const by contract.
  let descriptor: UnsafePointer<mpgemm_kernel>
  let packedSize: @convention(c) (UnsafePointer<mpgemm_kernel>?, Int, Int) -> Int
  let pack:
    @convention(c) (
      UnsafePointer<mpgemm_kernel>?, Int, Int, UnsafePointer<Int8>?, UnsafeMutableRawPointer?
    ) -> Void
  let unpack:
    @convention(c) (
      UnsafePointer<mpgemm_kernel>?, Int, Int, UnsafeRawPointer?, UnsafeMutablePointer<Int8>?
    ) -> Void
  let plan:
    @convention(c) (
      UnsafePointer<mpgemm_kernel>?, mpgemm_shape, UnsafeMutablePointer<mpgemm_plan>?
    ) -> Void
  let prepare:
    @convention(c) (
      UnsafePointer<mpgemm_kernel>?, Int, Int, UnsafePointer<mpgemm_input>?, mpgemm_range,
      UnsafeMutableRawPointer?
    ) -> Void
  let compute:
    @convention(c) (
      UnsafePointer<mpgemm_kernel>?, UnsafePointer<mpgemm_call>?, mpgemm_tile,
      UnsafeMutableRawPointer?
    ) -> Void
  let count:
    @convention(c) (
      UnsafePointer<mpgemm_kernel>?, mpgemm_shape, UnsafeMutablePointer<mpgemm_ops>?,
      UnsafeMutablePointer<mpgemm_ops>?
    ) -> Void

  init(_ descriptor: UnsafePointer<mpgemm_kernel>) throws {
    let c = descriptor.pointee
    // The name is the field after abi and size, so it can be read at any ABI.
    let name = c.name.map { String(cString: $0) } ?? Self.unnamed
    guard c.abi >= 1, c.abi <= UInt32(MPGEMM_ABI),
      Int(c.size) >= MemoryLayout<mpgemm_kernel>.size
    else {
      throw KernelError.incompatibleABI(
        name: name, abi: Int(c.abi), size: Int(c.size), host: Int(MPGEMM_ABI))
    }
    guard let packedSize = c.packed_size, let pack = c.pack, let unpack = c.unpack,
      let plan = c.plan, let prepare = c.prepare, let compute = c.compute, let count = c.count
    else { throw KernelError.invalidDescriptor(name: name, field: "a null function") }
    guard c.packed_align > 0, c.packed_align & (c.packed_align - 1) == 0, c.packed_align <= 4096
    else {
      throw KernelError.invalidDescriptor(
        name: name, field: "packed_align \(c.packed_align), not a power of two up to 4096")
    }
    self.descriptor = descriptor
    self.packedSize = packedSize
    self.pack = pack
    self.unpack = unpack
    self.plan = plan
    self.prepare = prepare
    self.compute = compute
    self.count = count
  }

  static let unnamed = "(unnamed)"
}
