import Testing

@testable import Models

/// The weights of all layers but lm_head, computed outside this package from each model's published shape.
private let blockWeights: [String: Int] = [
  "2b-4t": 2_084_044_800,
  "large": 679_477_248, "xl": 1_207_762_944, "3b": 3_221_504_000,
  "llama3-8b": 6_979_321_856,
  "falcon3-1b": 1_132_462_080, "falcon3-3b": 2_422_210_560,
  "falcon3-7b": 6_650_068_992, "falcon3-10b": 9_500_098_560,
  "falcon-e-1b": 1_434_451_968, "falcon-e-3b": 2_919_235_584,
  "trilm-99m": 48_234_496, "trilm-190m": 113_246_208, "trilm-390m": 289_406_976,
  "trilm-560m": 440_401_920, "trilm-830m": 679_477_248, "trilm-1.1b": 968_884_224,
  "trilm-1.5b": 1_308_622_848, "trilm-2.4b": 2_229_534_720, "trilm-3.9b": 3_680_501_760,
  "bonsai-1.7b": 1_409_286_144, "bonsai-4b": 3_633_315_840, "bonsai-8b": 6_945_767_424,
  "bitcpm-0.5b": 358_612_992, "bitcpm-1b": 1_321_205_760,
  "bitcpm-3b": 2_962_227_200, "bitcpm-8b": 7_583_301_632,
  "dummy-125m": 103_809_024, "dummy-350m": 327_155_712, "dummy-700m": 679_477_248,
  "dummy-1b": 931_135_488, "dummy-1.5b": 1_453_326_336, "dummy-2.5b": 2_378_956_800,
  "dummy-2.7b": 2_604_662_784, "dummy-3.8b": 3_680_501_760, "dummy-7b": 6_878_658_560,
  "dummy-13b": 12_687_769_600, "dummy-30b": 30_261_903_360, "dummy-70b": 69_793_218_560,
  "dummy-100b": 99_958_652_928,
  "v1-125m": 84_934_656, "v1-350m": 301_989_888, "v1-760m": 679_477_248,
  "v1-1.3b": 1_207_959_552, "v1-2.7b": 2_516_582_400, "v1-6.7b": 6_442_450_944,
  "v1-13b": 12_582_912_000, "v1-30b": 29_595_009_024,
  "llama3.2-1b": 973_078_528, "gemma3-1b": 697_761_792, "qwen2.5-1.5b": 1_310_195_712,
  "smollm2-1.7b": 1_610_612_736, "minicpm-2b": 2_441_871_360,
]

@Suite struct CatalogueTests {
  @Test func everyPublishedModelIsPresentOnce() {
    #expect(ModelCatalogue.all.map(\.slug).sorted() == blockWeights.keys.sorted())
  }

  @Test(arguments: ModelCatalogue.all)
  func weightsAreThoseOfThePublishedShape(model: ModelShape) throws {
    let expected = try #require(blockWeights[model.slug])
    let head = model.vocab.map { $0 * model.hidden }
    if model.weights == .unquantized {
      #expect(model.ternaryWeightsPerToken == 0, "\(model.slug)")
      #expect(model.nonTernaryWeightsPerToken == head.map { $0 + expected }, "\(model.slug)")
    } else {
      #expect(model.ternaryWeightsPerToken == expected, "\(model.slug)")
      #expect(model.nonTernaryWeightsPerToken == head, "\(model.slug)")
    }
  }

  @Test(arguments: ModelCatalogue.all)
  func slugIsPlainAndFoundAgain(model: ModelShape) throws {
    #expect(model.slug.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789.-".contains($0) })
    #expect(try ModelCatalogue.model(slug: model.slug) == model)
    #expect(model.confidence != nil, "\(model.slug) does not say how far its source can be trusted")
  }

  @Test func theReferenceModelIsComplete() throws {
    let model = try ModelCatalogue.model(slug: "2b-4t")
    #expect(model.name == "BitNet-b1.58-2B-4T")
    #expect(model.tied == true)
    #expect(model.activation == .relu2)
    #expect(model.gated)
    #expect(model.norm == .rmsAndSub)
    #expect(model.ropeTheta == 500_000)
    #expect(model.rmsEps == 1e-5)
    #expect(model.maxContext == 4096)
    #expect(model.zeroPercent == 42.19)
    #expect(model.nonTernaryWeightsPerToken == 128_256 * 2560)
  }

  @Test func unknownValuesAreAbsentAndNeverZero() throws {
    let model = try ModelCatalogue.model(slug: "bitcpm-0.5b")
    #expect(model.vocab == nil)
    #expect(model.nonTernaryWeightsPerToken == nil)
    #expect(model.rmsEps == nil)
    #expect(model.headDim == 64)  // hidden / heads, as the row's confidence says
    #expect(try ModelCatalogue.model(slug: "dummy-125m").tied == nil)
    #expect(try ModelCatalogue.model(slug: "v1-125m").zeroPercent == nil)
  }

  @Test func cellsWithCommasAreOneCell() throws {
    let model = try ModelCatalogue.model(slug: "dummy-125m")
    #expect(model.confidence?.hasPrefix("published: hidden, ffn, layers, heads; vocab") == true)
  }

  @Test(arguments: [("2b4t", "2b-4t"), ("Falcon3-7B", "falcon3-7b"), ("bitnet-2b-4t", "2b-4t")])
  func anUnknownSlugNamesTheNearest(slug: String, nearest: String) {
    let error = failure(ModelError.self) { try ModelCatalogue.model(slug: slug) }
    #expect(error == .unknownModel(slug: slug, nearest: nearest))
    #expect(error?.description.contains("\"\(slug)\"") == true)
    #expect(error?.description.contains("\"\(nearest)\"") == true)
    #expect(error?.errorDescription == error?.description)
  }
}

@Suite struct CatalogueReadingTests {
  static let header = ModelShape.CodingKeys.allCases.map(\.rawValue).joined(separator: ",")
  static let row =
    "s,S,f,64,128,2,4,2,16,100,true,silu,true,rms,10000,1e-5,512,ternary,,\"a, \"\"b\"\"\",sure"

  @Test func aWellFormedRowIsRead() throws {
    let models = try ModelCatalogue.read(csv: "\(Self.header)\r\n\(Self.row)\r\n")
    #expect(models.map(\.slug) == ["s"])
    #expect(models.first?.source == "a, \"b\"")
    #expect(models.first?.confidence == "sure")
  }

  @Test(arguments: [
    ("s,S,f,64", 2, "s"),  // too few cells
    (row + ",more", 2, "s"),
    (row.replacing(",sure", with: ",\"sure"), 2, "confidence"),  // open quote
    (row.replacing("64,", with: "sixty,"), 2, "hidden"),
    (row.replacing("64,", with: "0,"), 2, "hidden"),
    (row.replacing("64,", with: ","), 2, "hidden"),
    (row.replacing("true,rms", with: "yes,rms"), 2, "gated"),
    (row.replacing("rms", with: "rsm"), 2, "norm"),
    (row + "\n" + row, 3, "slug"),  // twice
    ("", 2, ""),
  ])
  func aMalformedRowIsNamed(rows: String, row: Int, key: String) {
    let error = failure(ModelCatalogue.RowProblem.self) {
      try ModelCatalogue.read(csv: "\(Self.header)\n\(rows)\n")
    }
    #expect(error?.row == row)
    if !key.isEmpty { #expect(error?.problem.key == key) }
  }

  @Test func aStrayQuoteIsRefused() {
    #expect(throws: (any Error).self) {
      try ModelCatalogue.read(csv: "\(Self.header)\n\"\(Self.row)\n")
    }
  }

  @Test func anotherHeaderIsRefused() {
    let header = Self.header.replacing("ffn,layers", with: "layers,ffn")
    let error = failure(ModelCatalogue.RowProblem.self) {
      try ModelCatalogue.read(csv: "\(header)\n\(Self.row)\n")
    }
    #expect(error?.row == 1)
    #expect(error?.problem.key == "layers")
  }
}
