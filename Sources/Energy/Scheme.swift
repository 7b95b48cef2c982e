/// In which numbers a model computes: what the papers' rule charges for its operations.
public enum Scheme: String, Sendable, CaseIterable {
  /// All of it in float32.
  case fp32
  /// All of it in float16.
  case fp16
  /// Linear layers multiply int8 by int8; attention and scales are float16.
  case w8a8
  /// Linear layers add int8 activations, one for each weight; attention and scales are float16.
  case ternary

  /// Picojoules of one addition and one multiplication.
  struct Picojoules: Equatable {
    let add, multiply: Double

    var sum: Double { add + multiply }
  }

  /// One multiply-accumulate of a linear layer.
  ///
  /// A ternary one is an addition, be the weight zero or not.
  func linear(at node: NodeEnergies) -> Picojoules {
    switch self {
    case .fp32, .fp16: attention(at: node)
    case .w8a8:
      Picojoules(add: node.add.int8.picojoules, multiply: node.multiply.int8.picojoules)
    case .ternary: Picojoules(add: node.add.int8.picojoules, multiply: 0)
    }
  }

  /// One multiply-accumulate of attention.
  func attention(at node: NodeEnergies) -> Picojoules {
    switch self {
    case .fp32: Picojoules(add: node.add.fp32.picojoules, multiply: node.multiply.fp32.picojoules)
    case .fp16, .w8a8, .ternary:
      Picojoules(add: node.add.fp16.picojoules, multiply: node.multiply.fp16.picojoules)
    }
  }

  /// Whether each input and output of a linear layer is multiplied by a scale.
  var hasScales: Bool {
    switch self {
    case .fp32, .fp16: false
    case .w8a8, .ternary: true
    }
  }

  /// The bytes of so many linear weights: 4, 2, 1, and for ternary weights five to a byte.
  ///
  /// Five to a byte, 1.6 bits a weight, is the densest whole-byte packing (3⁵ = 243), and gives the
  /// papers' figure.
  public func memoryBytes(weights: Int) -> Int {
    switch self {
    case .fp32: weights * 4
    case .fp16: weights * 2
    case .w8a8: weights
    case .ternary: (weights + 4) / 5
    }
  }

  /// How many times the energy of another scheme's linear multiply-accumulate this one's takes.
  public func linearRatio(to other: Scheme, at node: NodeEnergies) -> Double {
    linear(at: node).sum / other.linear(at: node).sum
  }
}
