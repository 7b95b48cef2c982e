internal import Models

/// The weights of a GGUF file.
struct GGUFSource: WeightSource {
  let file: GGUFFile
  let configuration: Configuration
  let i2sBlock: I2SBlock
  private let architecture: Architecture

  init(_ file: GGUFFile, gate: Configuration.Activation? = nil, i2sBlock: I2SBlock = .x86)
    throws(ModelFileError)
  {
    self.file = file
    self.i2sBlock = i2sBlock
    architecture = try Architecture(file)
    configuration = try Configuration(file, gate: gate)
  }

  var isTied: Bool { file.tensor(named: GGUFName.head) == nil }

  func matrix(_ matrix: LayerMatrix, layer: Int) throws(ModelFileError) -> TernaryWeights {
    let name = GGUFName.of(matrix, layer: layer)
    let (outFeatures, inFeatures) = matrix.shape(configuration)
    let tensor = try file.requiredTensor("\(name).weight")
    try tensor.require([inFeatures, outFeatures])
    var weights = try tensor.ternaryWeights(i2sBlock: i2sBlock)
    if reordersRows(of: matrix), let heads = matrix.rotatingHeads(configuration) {
      weights.unpairRows(heads: heads)
    }
    if let scale = try scale(beside: name) { weights.scale(by: scale) }
    return weights
  }

  /// Whether rows are not in the file as a decoder has them.
  func reordersRows(of matrix: LayerMatrix) -> Bool {
    architecture.pairsRows && matrix.rotatingHeads(configuration) != nil
  }

  /// A scale beside a matrix, as llama.cpp keeps it; nil where there is none.
  func scale(beside name: String) throws(ModelFileError) -> Float? {
    guard let tensor = file.tensor(named: "\(name).scale") else { return nil }
    try tensor.require([1])
    return try tensor.floats().floats[0]
  }

  func norm(_ norm: LayerNorm, layer: Int) throws(ModelFileError) -> [Float] {
    try vector("\(GGUFName.of(norm, layer: layer)).weight", width: norm.width(configuration))
  }

  func outputNorm() throws(ModelFileError) -> [Float] {
    try vector(GGUFName.outputNorm, width: configuration.hidden)
  }

  func embedding() throws(ModelFileError) -> FloatValues { try rows(GGUFName.embedding) }
  func head() throws(ModelFileError) -> FloatValues { try rows(GGUFName.head) }

  /// What each rotary frequency is divided by; nil: nothing.
  func rotaryFactors() throws(ModelFileError) -> [Float]? {
    guard let tensor = file.tensor(named: GGUFName.rotaryFactors) else { return nil }
    let factors = try vector(GGUFName.rotaryFactors, width: configuration.headDim / 2)
    guard factors.allSatisfy({ $0 >= Self.leastFactor }) else {
      throw tensor.failure("holds a factor that is not at least \(Self.leastFactor)")
    }
    return factors
  }

  /// With less, an angle of 2¹⁷ positions is beyond what `mpgemm_rotary_table` computes.
  private static let leastFactor: Float = 0.25

  private func vector(_ name: String, width: Int) throws(ModelFileError) -> [Float] {
    let tensor = try file.requiredTensor(name)
    try tensor.require([width])
    return try tensor.floats().floats
  }

  private func rows(_ name: String) throws(ModelFileError) -> FloatValues {
    let tensor = try file.requiredTensor(name)
    try tensor.require([configuration.hidden, configuration.vocabulary])
    return try tensor.floats()
  }
}

/// The names of tensors, as llama.cpp and bitnet.cpp write them.
enum GGUFName {
  static let embedding = "token_embd.weight"
  static let head = "output.weight"
  static let outputNorm = "output_norm.weight"
  static let rotaryFactors = "rope_freqs.weight"

  static func of(_ matrix: LayerMatrix, layer: Int) -> String {
    let name =
      switch matrix {
      case .q: "attn_q"
      case .k: "attn_k"
      case .v: "attn_v"
      case .o: "attn_output"
      case .gate: "ffn_gate"
      case .up: "ffn_up"
      case .down: "ffn_down"
      }
    return "blk.\(layer).\(name)"
  }

  static func of(_ norm: LayerNorm, layer: Int) -> String {
    let name =
      switch norm {
      case .attention: "attn_norm"
      case .attentionSub: "attn_sub_norm"
      case .ffn: "ffn_norm"
      case .ffnSub: "ffn_sub_norm"
      }
    return "blk.\(layer).\(name)"
  }
}
