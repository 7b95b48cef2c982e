public import Decoder
internal import MPGEMM
public import Models

/// The ternary layers of a model as a token passes them: the steps of a block, and how many blocks there are.
public struct Ring: Sendable, Equatable, Codable {
  /// In the order of a forward pass.
  public var steps: [LinearStep]
  /// How many blocks a token passes.
  public var layers: Int

  /// Takes the layers that share an input together; nil for a model without ternary layers.
  public init?(_ model: ModelShape) {
    let layers = model.ternaryLayers
    steps = Self.members.compactMap { name, members in
      let own = layers.filter { members.contains($0.name) }
      return own.first.map {
        LinearStep(name: name, outFeatures: own.map(\.outFeatures), inFeatures: $0.inFeatures)
      }
    }
    self.layers = model.layers
    guard !steps.isEmpty else { return nil }
  }

  init(steps: [LinearStep], layers: Int) {
    self.steps = steps
    self.layers = layers
  }

  private static let members: [(name: String, layers: Set<String>)] = [
    ("qkv", ["q", "k", "v"]), ("o", ["o"]), ("gate_up", ["gate", "up"]), ("down", ["down"]),
  ]

  /// The width of the residual stream, which is a side of every matrix.
  var hidden: Int { steps[0].inFeatures }

  /// The weights of one block.
  var weightsPerLayer: Int { steps.reduce(0) { $0 + $1.outFeatures.reduce(0, +) * $1.inFeatures } }

  /// M and K of every matrix of a block, in order.
  var matrices: [(outFeatures: Int, inFeatures: Int)] {
    steps.flatMap { step in step.outFeatures.map { ($0, step.inFeatures) } }
  }

  /// The shapes of every matrix of a block, in order.
  func shapes(tokens: Int) -> [Shape] {
    matrices.map { Shape(outFeatures: $0.outFeatures, tokens: tokens, inFeatures: $0.inFeatures) }
  }
}

extension Target {
  /// What the `layer` of a ring is called.
  public static let ringLayer = "ring"

  /// All ternary layers of a model in the order of a forward pass; nil if it has none.
  ///
  /// As a shape, a ring is a matrix of as many weights, K being the hidden width.
  public static func ring(of model: ModelShape, zeroDensity: Double? = nil) -> Target? {
    guard let ring = Ring(model) else { return nil }
    var target = Target(
      model: model.slug, layer: ringLayer,
      outFeatures: ring.layers * ring.weightsPerLayer / ring.hidden, inFeatures: ring.hidden,
      zeroDensity: zeroDensity ?? model.zeroPercent.map { $0 / 100 } ?? unknownZeroDensity)
    target.ring = ring
    return target
  }
}
