import Decoder
import MPGEMM
import Models
import Testing

/// Another kernel and another layout in each step, and another kernel for a prompt.
private struct Mixed: KernelChoice {
  let kernels: [[Kernel]]

  func kernel(for step: LinearStep, tokens: Int) -> Kernel {
    // The steps by their order in a block; of a layout, the first kernel for one token.
    let place = ["qkv", "o", "gate_up", "down"].firstIndex(of: step.name) ?? 0
    let own = kernels[place % kernels.count]
    return own[tokens == 1 ? 0 : own.count - 1]
  }
}

@Suite struct KernelChoiceTests {
  @Test func mixedKernelsGiveTheLogitsOfOne() throws {
    let runnable = Kernel.lossless
    let layouts = Dictionary(grouping: runnable, by: \.layout)
      .sorted { ($0.value.count, $1.key) > ($1.value.count, $0.key) }.prefix(4).map(\.value)
    try #require(layouts.count == 4 && layouts[0].count > 1)
    let configuration = Configuration(
      hidden: 96, ffn: 200, layers: 2, heads: 4, kvHeads: 2, headDim: 24, vocabulary: 50,
      gate: .relu2, hasSubNorms: true)
    func logits(_ kernels: any KernelChoice) -> [[Float]] {
      let model = Model(
        synthetic: configuration, for: kernels, head: .f16, tied: true,
        from: Synthesis(zeroDensity: 0.4, seed: 3))
      let transformer = Transformer(
        configuration, weights: model.weights, kernel: kernels,
        limits: Transformer.Limits(tokens: 4, positions: 8), threads: ThreadPool(threads: 2))
      return [
        transformer.prefill([1, 2, 3, 4, 5, 6, 7]), transformer.decode(8, position: 7),
      ]
    }
    let mixed = Mixed(kernels: layouts)
    let one = logits(runnable[0])
    #expect(logits(mixed) == one)
    #expect(one[0] != one[1])
  }

  @Test func stepsAreTheMatricesOfTheCatalogue() throws {
    let model = try ModelCatalogue.model(slug: "2b-4t")
    let steps = try Configuration(model).linearSteps
    #expect(steps.map(\.name) == ["qkv", "o", "gate_up", "down"])
    let matrices = steps.flatMap { step in step.outFeatures.map { [$0, step.inFeatures] } }
    #expect(matrices == model.ternaryLayers.map { [$0.outFeatures, $0.inFeatures] })
  }
}
