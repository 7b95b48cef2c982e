import Decoder
import MPGEMM
import Models
import Testing

/// Synthetic weights in memory and in a file are the same.
@Suite struct SyntheticTests {
  static let shapes: [(Configuration, TensorType, tied: Bool)] = [
    (
      Configuration(
        hidden: 128, ffn: 160, layers: 2, heads: 4, kvHeads: 2, headDim: 32, vocabulary: 50,
        ropeTheta: 500_000, gate: .relu2, hasSubNorms: true), .i2s, true
    ),
    (
      Configuration(
        hidden: 256, ffn: 512, layers: 2, heads: 4, kvHeads: 1, headDim: 64, vocabulary: 33,
        rmsEpsilon: 1e-6, gate: .silu, hasSubNorms: false), .i2s, false
    ),
  ]

  @Test(arguments: shapes.indices) func aFileGivesTheSameLogits(index: Int) throws {
    let (configuration, type, tied) = Self.shapes[index]
    let kernel = Kernel.lossless[0]
    let synthesis = Synthesis(zeroDensity: 0.4, seed: 3)
    let weights = Model(
      synthetic: configuration, for: kernel, head: .f16, tied: tied, from: synthesis
    ).weights
    let file = try GGUFFile(
      bytes: Model.file(
        synthetic: configuration, name: "test", from: synthesis, type: type, tied: tied
      ).bytes(), path: "synthetic.gguf")
    let model = try Model(file, for: kernel)
    #expect(model.configuration == configuration)
    #expect(model.tokenizer == nil)
    let pool = ThreadPool(threads: 1)
    let limits = Transformer.Limits(positions: 4)
    let logits = [weights, model.weights].map { weights in
      Transformer(configuration, weights: weights, kernel: kernel, limits: limits, threads: pool)
        .prefill([1, 2, 3, 4])
    }
    #expect(logits[0] == logits[1])
    #expect(logits[0].allSatisfy { $0.isFinite } && Set(logits[0]).count > 1)
  }

  @Test func fewerLayersAreUsedInRotation() {
    var configuration = Self.shapes[0].0
    let kernel = Kernel.lossless[0]
    configuration.layers = 4
    let rotated = Model(
      synthetic: configuration, for: kernel, head: .f16, tied: true, from: Synthesis(), layers: 2
    ).weights
    #expect(rotated.layers.count == 2)
    let repeated = Weights(
      embedding: rotated.embedding, layers: rotated.layers + rotated.layers,
      outputNorm: rotated.outputNorm, head: rotated.head)
    let logits = [rotated, repeated].map { weights in
      Transformer(
        configuration, weights: weights, kernel: kernel, limits: Transformer.Limits(positions: 3),
        threads: ThreadPool(threads: 1)
      ).prefill([1, 2, 3])
    }
    #expect(logits[0] == logits[1])
  }
}
