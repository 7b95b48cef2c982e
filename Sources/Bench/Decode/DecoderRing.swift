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
    let c = transformer.configuration
    let ring = Ring(steps: c.linearSteps, layers: c.layers)
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
