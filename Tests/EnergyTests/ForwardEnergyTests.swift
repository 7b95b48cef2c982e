import Foundation
import Models
import Testing

@testable import Energy

/// The papers' rule written another way: layer by layer from the model's list of layers, attention head by
/// head and token by token, energies straight from the tables of the papers.
private struct LayerByLayer {
  var macs = 0, attention = 0, scales = 0, weights = 0

  init(_ model: ModelShape, tokens: Int) {
    for layer in model.linearLayers where layer.name != "lm_head" {
      for _ in 0..<layer.countPerToken {
        weights += layer.outFeatures * layer.inFeatures
        macs += layer.outFeatures * layer.inFeatures * tokens
        scales += tokens * layer.inFeatures + tokens * layer.outFeatures
      }
    }
    for _ in 0..<model.layers {
      for _ in 0..<model.heads {
        for _ in 0..<tokens {
          attention += tokens * model.headDim  // a row of QKᵀ
          attention += model.headDim * tokens  // a row of PV
        }
      }
    }
  }

  /// Picojoules at 7 nm.
  func add(_ scheme: Scheme) -> Double {
    switch scheme {
    case .fp32: Double(macs + attention) * 0.38
    case .fp16: Double(macs + attention) * 0.16
    case .w8a8, .ternary: Double(macs) * 0.007 + Double(attention) * 0.16
    }
  }

  func multiply(_ scheme: Scheme) -> Double {
    switch scheme {
    case .fp32: Double(macs + attention) * 1.31
    case .fp16: Double(macs + attention) * 0.34
    case .w8a8: Double(macs) * 0.07 + Double(attention + scales) * 0.34
    case .ternary: Double(attention + scales) * 0.34
    }
  }
}

/// Calls the body with a user's own model: gated or not, with grouped heads wider than the stream.
private func withModelFile(gated: Bool, _ body: (ModelShape) throws -> Void) throws {
  let url = FileManager.default.temporaryDirectory
    .appending(path: "ternbench-\(UUID().uuidString).toml")
  let text = """
    schema = 1
    name = "Energy test"
    hidden = 96
    ffn = 200
    layers = 3
    heads = 6
    kv_heads = 2
    head_dim = 24
    gated = \(gated)
    zero_percent = 33.35
    """
  try Data(text.utf8).write(to: url)
  defer { try? FileManager.default.removeItem(at: url) }
  try body(ModelShape.resolve(url.path))
}

@Suite struct ForwardEnergyTests {
  private func compare(_ model: ModelShape, tokens: Int) throws {
    let expected = LayerByLayer(model, tokens: tokens)
    for scheme in Scheme.allCases {
      let energy = try ForwardEnergy(model, tokens: tokens, scheme: scheme, node: "7nm")
      let case_ = "\(model.slug) \(scheme) \(tokens)"
      #expect(energy.counts.linearWeights == expected.weights, "\(case_)")
      #expect(energy.counts.linearMACs == expected.macs, "\(case_)")
      #expect(energy.counts.attentionMACs == expected.attention, "\(case_)")
      #expect(energy.counts.scaleMultiplies == expected.scales, "\(case_)")
      #expect(
        energy.scaleMultiplies == (scheme == .fp32 || scheme == .fp16 ? 0 : expected.scales))
      #expect(abs(energy.addJoules * 1e12 / expected.add(scheme) - 1) < 1e-12, "\(case_)")
      #expect(abs(energy.multiplyJoules * 1e12 / expected.multiply(scheme) - 1) < 1e-12, "\(case_)")
      #expect(energy.totalJoules == energy.addJoules + energy.multiplyJoules)
      #expect(energy.joulesPerToken == energy.totalJoules / Double(tokens))
    }
  }

  @Test(arguments: ModelCatalogue.all.map(\.slug), [1, 7, 512])
  func theCatalogueFollowsTheRule(slug: String, tokens: Int) throws {
    try compare(ModelCatalogue.model(slug: slug), tokens: tokens)
  }

  @Test(arguments: [true, false], [1, 33])
  func aUsersModelFollowsTheRule(gated: Bool, tokens: Int) throws {
    try withModelFile(gated: gated) { try compare($0, tokens: tokens) }
  }

  /// The arithmetic on one page: docs/energy.md has the same numbers.
  @Test func aSmallModelByHand() throws {
    try withModelFile(gated: true) { model in
      // q 144x96, k and v 48x96, o 96x144, gate and up 200x96, down 96x200
      let weights = 3 * (13_824 + 2 * 4_608 + 13_824 + 3 * 19_200)
      let ends = 3 * (240 + 2 * 144 + 240 + 3 * 296)
      let counts = try ForwardCounts(model, tokens: 10)
      #expect(counts.linearWeights == weights)
      #expect(counts.linearMACs == 10 * weights)
      #expect(counts.scaleMultiplies == 10 * ends)
      #expect(counts.attentionMACs == 2 * 3 * 6 * 10 * 10 * 24)
    }
  }

  @Test func countsOf2B4TAreThePapers() throws {
    let counts = try ForwardCounts(ModelCatalogue.model(slug: "2b-4t"), tokens: 512)
    #expect(counts.linearWeights == 2_084_044_800)
    #expect(counts.linearMACs == 1_067_030_937_600)
    #expect(counts.attentionMACs == 40_265_318_400)
    #expect(counts.scaleMultiplies == 692_060_160)
  }

  @Test func zerosAreSkippedByTheModelsShare() throws {
    let model = try ModelCatalogue.model(slug: "2b-4t")
    let all = try ForwardEnergy(model, tokens: 512, scheme: .ternary, node: "7nm")
    let some = try ForwardEnergy(
      model, tokens: 512, scheme: .ternary, node: "7nm", skippingZeros: true)
    // 42.19 % of 2084044800 weights is 879258501.12.
    #expect(some.skippedAdds == 879_258_501 * 512)
    #expect(all.skippedAdds == 0)
    #expect(abs(all.linear.total / some.linear.total - 1.73) < 0.005)
    #expect(some.attention == all.attention)
    #expect(some.scales == all.scales)
    #expect(some.caveats.joined().contains("42.19 %"))

    try withModelFile(gated: false) { model in
      let energy = try ForwardEnergy(
        model, tokens: 3, scheme: .ternary, node: "45nm", skippingZeros: true)
      // 33.35 % of 225792 weights is 75301.632.
      #expect(energy.counts.linearWeights == 225_792)
      #expect(energy.skippedAdds == 75_302 * 3)
      let adds = Double((225_792 - 75_302) * 3)
      #expect(abs(energy.linear.add / (adds * 0.03e-12) - 1) < 1e-12)
    }
  }

  @Test func unknownZerosAreNotGuessed() throws {
    let model = try ModelCatalogue.model(slug: "v1-6.7b")
    #expect(throws: EnergyError.unknownZeros(model: "v1-6.7b")) {
      try ForwardEnergy(model, tokens: 1, scheme: .ternary, node: "7nm", skippingZeros: true)
    }
  }

  @Test func countsThatDoNotFitAreAnError() throws {
    let model = try ModelCatalogue.model(slug: "dummy-100b")
    #expect(throws: EnergyError.tooManyOperations(model: "dummy-100b", tokens: .max)) {
      try ForwardCounts(model, tokens: .max)
    }
    // 2 * 72 layers * 8192 * S² passes 2⁶³ between these.
    #expect(try ForwardCounts(model, tokens: 2_796_000).attentionMACs > 0)
    #expect(throws: EnergyError.tooManyOperations(model: "dummy-100b", tokens: 2_797_000)) {
      try ForwardCounts(model, tokens: 2_797_000)
    }
  }

  @Test func memoryIsThatOfThePapers() {
    #expect(Scheme.allCases.map { $0.memoryBytes(weights: 10) } == [40, 20, 10, 2])
    #expect((1...6).map { Scheme.ternary.memoryBytes(weights: $0) } == [1, 1, 1, 1, 1, 2])
  }

  @Test func theCaveatsCarryTheFiguresOwnNumbers() throws {
    let model = try ModelCatalogue.model(slug: "2b-4t")
    let text = try ForwardEnergy(model, tokens: 512, scheme: .ternary, node: "7nm")
      .caveats.joined(separator: "\n")
    for words in [
      "0.0278 J is one forward pass of all 512 tokens and not a token", "54.4 µJ",
      "72.3 % is FP16 attention", "26.8 % linear layers",
      "zero weights count as additions", "71.4 times", "16.7 times", "no memory traffic",
    ] {
      #expect(text.contains(words), "no \"\(words)\" in: \(text)")
    }
    let one = try ForwardEnergy(model, tokens: 1, scheme: .fp32, node: "45nm")
      .caveats.joined(separator: "\n")
    #expect(one.contains("one forward pass of a single token;"))
    #expect(one.contains("FP32 attention"))
    #expect(!one.contains("zero weights"))
  }

  @Test func everyFigureSaysWhereItIsFrom() throws {
    let energy = try ForwardEnergy(
      ModelCatalogue.model(slug: "xl"), tokens: 1, scheme: .w8a8, node: "7nm")
    #expect(energy.source.hasPrefix("modelled: "))
    #expect(energy.source.contains("built-in"))
  }
}
