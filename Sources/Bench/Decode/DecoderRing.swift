internal import Decoder
internal import MPGEMM

/// A decoder's own linear layers, passed through without the decoder: what `bench --cache ring` measures.
final class DecoderRing {
  private let pass: RingPass
  private let weights: Weights
  private let layers: Int

  /// - Parameters:
  ///   - transformer: Whose weights and kernel.
  ///   - tokens: N.
  ///   - seed: What the inputs are made from.
  ///   - pool: The transformer's threads.
  init(_ transformer: Transformer, tokens: Int, seed: UInt64, threads pool: ThreadPool) {
    let ring = Ring(transformer.configuration)
    weights = transformer.weights
    layers = ring.layers
    pass = RingPass(
      transformer.kernel, ring: ring, tokens: tokens,
      activations: ring.steps.map {
        Reference.activations(tokens: tokens, inFeatures: $0.inFeatures, seed: seed)
      }, pool: pool)
  }

  /// Seconds of one pass.
  func seconds() -> Double {
    let start = Clock.now()
    pass.run(0..<layers) { [weights] layer, step in
      (weights.layers[layer % weights.layers.count].steps[step], copy: 0)
    }
    return Clock.now() - start
  }
}

extension Ring {
  /// The steps of a decoder.
  init(_ c: Configuration) {
    let shared = [c.attention, c.keysOrValues, c.keysOrValues]
    self.init(
      steps: [
        Step(name: Part.qkv.rawValue, outFeatures: shared, inFeatures: c.hidden),
        Step(name: Part.o.rawValue, outFeatures: [c.hidden], inFeatures: c.attention),
        Step(name: Part.gateUp.rawValue, outFeatures: [c.ffn, c.ffn], inFeatures: c.hidden),
        Step(name: Part.down.rawValue, outFeatures: [c.hidden], inFeatures: c.ffn),
      ], layers: c.layers)
  }
}
