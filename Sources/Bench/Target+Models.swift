public import Models

extension Target {
  /// The ternary layers of a model; layers of one shape are one target, since they take equal time.
  public static func layers(of model: ModelShape, zeroDensity: Double? = nil) -> [Target] {
    var targets: [Target] = []
    for layer in model.ternaryLayers {
      let same = targets.firstIndex {
        $0.outFeatures == layer.outFeatures && $0.inFeatures == layer.inFeatures
      }
      if let same {
        targets[same].layer += "/\(layer.name)"
        targets[same].layerCount += layer.countPerToken
      } else {
        targets.append(
          Target(
            model: model.slug, layer: layer.name, layerCount: layer.countPerToken,
            outFeatures: layer.outFeatures, inFeatures: layer.inFeatures,
            zeroDensity: zeroDensity ?? model.zeroPercent.map { $0 / 100 } ?? unknownZeroDensity))
      }
    }
    return targets
  }

  /// What is assumed of weights nobody has counted: -1, 0 and +1 equally often.
  public static let unknownZeroDensity = 1.0 / 3
}
