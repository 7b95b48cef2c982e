public import MPGEMM

/// Decides which kernel multiplies in which linear layers.
///
/// One kernel for all of them is the usual decision.
public protocol KernelChoice: Sendable {
  /// The kernel of matrices that read one input: one layout for every number of tokens.
  ///
  /// - Parameters:
  ///   - step: The matrices.
  ///   - tokens: N.
  /// - Returns: A kernel that this CPU runs.
  func kernel(for step: LinearStep, tokens: Int) -> Kernel
}

extension Kernel: KernelChoice {
  public func kernel(for step: LinearStep, tokens: Int) -> Kernel { self }
}

/// Matrices that read one input, which is quantized and prepared once for all of them.
public struct LinearStep: Sendable, Hashable, Codable {
  /// As the decoder's profile names the part: qkv, o, gate_up or down.
  public let name: String
  /// M of each matrix.
  public let outFeatures: [Int]
  /// K of all of them.
  public let inFeatures: Int

  public init(name: String, outFeatures: [Int], inFeatures: Int) {
    self.name = name
    self.outFeatures = outFeatures
    self.inFeatures = inFeatures
  }
}

extension Configuration {
  /// The linear layers of a block, in the order of the forward pass.
  public var linearSteps: [LinearStep] { LinearPart.allCases.map(step) }

  func step(_ part: LinearPart) -> LinearStep {
    switch part {
    case .qkv:
      LinearStep(
        name: Part.qkv.rawValue, outFeatures: [attention, keysOrValues, keysOrValues],
        inFeatures: hidden)
    case .o: LinearStep(name: Part.o.rawValue, outFeatures: [hidden], inFeatures: attention)
    case .gateUp:
      LinearStep(name: Part.gateUp.rawValue, outFeatures: [ffn, ffn], inFeatures: hidden)
    case .down: LinearStep(name: Part.down.rawValue, outFeatures: [hidden], inFeatures: ffn)
    }
  }
}

/// The steps of a block.
enum LinearPart: Int, CaseIterable {
  case qkv, o, gateUp, down
}

/// The input of a step, quantized and prepared by the kernel of its number of tokens.
final class LinearInput {
  /// One for each kernel that any number of tokens takes.
  private let activations: [Activations]
  /// By the number of tokens from 1, which of them.
  private let ofTokens: [Int]

  init(_ step: LinearStep, kernels: any KernelChoice, mostTokens: Int, pool: ThreadPool) {
    var distinct: [Kernel] = []
    ofTokens = (1...mostTokens).map { tokens in
      let kernel = kernels.kernel(for: step, tokens: tokens)
      if let known = distinct.firstIndex(of: kernel) { return known }
      distinct.append(kernel)
      return distinct.count - 1
    }
    activations = distinct.map {
      Activations(for: $0, inFeatures: step.inFeatures, mostTokens: mostTokens, pool: pool)
    }
  }

  subscript(tokens: Int) -> Activations { activations[ofTokens[tokens - 1]] }
}
