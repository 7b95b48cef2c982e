import Testing

@testable import Models

/// The 88 distinct out_features × in_features of the ternary models' layers, listed outside this package.
private let ternaryModelShapes = """
  128x1024 160x2560 256x2048 256x4096 512x512 512x1280 640x2560 768x768 768x2048 768x3072 1024x1024
  1024x2048 1024x2560 1024x3072 1024x4096 1280x512 1280x1280 1280x3072 1536x1536 1536x4096 1536x9216
  1792x1792 1792x5120 2048x768 2048x2048 2048x3584 2048x5460 2048x6144 2048x8192 2048x13312 2304x2304
  2304x7680 2560x1024 2560x2560 2560x4096 2560x6912 2560x9728 2560x10240 3072x768 3072x1024 3072x1280
  3072x3072 3072x7680 3072x9216 3072x23040 3200x3200 3200x8640 3584x2048 3840x3840 3840x8192 4096x1024
  4096x1536 4096x2560 4096x4096 4096x12032 4096x12288 4096x14336 4096x16384 5120x1792 5120x5120
  5120x13824 5460x2048 6144x2048 6656x6656 6656x16384 6912x2560 7680x2304 7680x3072 8192x2048 8192x3840
  8192x8192 8192x24576 8192x45568 8640x3200 9216x1536 9216x3072 9728x2560 10240x2560 12032x4096
  12288x4096 13312x2048 13824x5120 14336x4096 16384x4096 16384x6656 23040x3072 24576x8192 45568x8192
  """

/// What the binary BitNet v1 adds: its feed-forward is four times as wide as the hidden layer.
private let binaryOnlyShapes = """
  1536x6144 5120x20480 6144x1536 7168x7168 7168x28672 20480x5120 28672x7168
  """

private func words(_ text: String) -> [String] {
  text.split(whereSeparator: \.isWhitespace).map(String.init)
}

private func inWords(_ layers: [LinearLayer]) -> [String] {
  layers.map { "\($0.name) \($0.outFeatures)x\($0.inFeatures) x\($0.countPerToken)" }
}

@Suite struct LinearLayerTests {
  @Test func aGatedModelWithGroupedQueriesHasSevenTernaryLayersAndAHead() throws {
    let model = try ModelCatalogue.model(slug: "2b-4t")
    #expect(
      inWords(model.linearLayers) == [
        "q 2560x2560 x30", "k 640x2560 x30", "v 640x2560 x30", "o 2560x2560 x30",
        "gate 6912x2560 x30", "up 6912x2560 x30", "down 2560x6912 x30", "lm_head 128256x2560 x1",
      ])
    #expect(model.ternaryLayers == Array(model.linearLayers.dropLast()))
    #expect(model.linearLayers.last?.isTernary == false)
  }

  @Test func aPlainModelHasNoGate() throws {
    let model = try ModelCatalogue.model(slug: "v1-760m")
    #expect(
      inWords(model.linearLayers) == [
        "q 1536x1536 x24", "k 1536x1536 x24", "v 1536x1536 x24", "o 1536x1536 x24",
        "up 6144x1536 x24", "down 1536x6144 x24", "lm_head 16000x1536 x1",
      ])
  }

  @Test func attentionMayBeWiderThanTheModel() throws {
    let layers = try ModelCatalogue.model(slug: "bonsai-4b").linearLayers
    #expect(
      inWords(Array(layers.prefix(4))) == [
        "q 4096x2560 x36", "k 1024x2560 x36", "v 1024x2560 x36", "o 2560x4096 x36",
      ])
  }

  @Test func anUnknownVocabularyHasNoHead() throws {
    let layers = try ModelCatalogue.model(slug: "bitcpm-3b").linearLayers
    #expect(layers.map(\.name) == ["q", "k", "v", "o", "gate", "up", "down"])
  }

  @Test func aBaselineHasNoTernaryLayer() throws {
    let model = try ModelCatalogue.model(slug: "llama3.2-1b")
    #expect(model.ternaryLayers.isEmpty)
    #expect(model.linearLayers.count == 8)
  }

  @Test func ternaryShapesAreThoseOfTheModels() throws {
    let shapes = ModelCatalogue.ternaryShapes.map { "\($0.outFeatures)x\($0.inFeatures)" }
    let ternary = words(ternaryModelShapes)
    #expect(ternary.count == 88)
    #expect(Set(shapes) == Set(ternary + words(binaryOnlyShapes)))
    #expect(shapes.count == Set(shapes).count)

    let sizes = ModelCatalogue.ternaryShapes.map { [$0.outFeatures, $0.inFeatures] }
    #expect(sizes == sizes.sorted { $0.lexicographicallyPrecedes($1) })

    let binary = try ModelCatalogue.ternaryShapes.filter { shape in
      try shape.uses.allSatisfy {
        try ModelCatalogue.model(slug: $0.model).weights == .binary
      }
    }
    #expect(binary.map { "\($0.outFeatures)x\($0.inFeatures)" } == words(binaryOnlyShapes))
  }

  @Test func aTernaryShapeNamesItsLayers() {
    let shape = ModelCatalogue.ternaryShapes.first { $0.outFeatures == 6912 }
    #expect(
      shape?.uses.map { "\($0.model):\($0.layer)" } == [
        "2b-4t:gate", "2b-4t:up", "dummy-2.5b:gate", "dummy-2.5b:up",
      ])
    let uses = ModelCatalogue.ternaryShapes.reduce(0) { $0 + $1.uses.count }
    #expect(uses == ModelCatalogue.all.reduce(0) { $0 + $1.ternaryLayers.count })
  }
}
