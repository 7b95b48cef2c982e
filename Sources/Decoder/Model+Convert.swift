internal import Foundation
public import Models

extension Model {
  /// A GGUF file of the model that a GGUF file or a Hugging Face folder holds, read as it is written.
  ///
  /// The tokenizer comes along.
  ///
  /// - Parameters:
  ///   - path: The file's, or the folder's.
  ///   - options: How to read it; the head's kind in memory says nothing here.
  ///   - type: I2_S, TQ1_0 or TQ2_0.
  ///   - rows: How embedding and head are stored: F16, BF16 or F32.
  /// - Returns: What writes the file.
  /// - Throws: `ModelFileError` if it holds no model, or one that the type cannot store.
  public static func file(
    converting path: String, options: Options = Options(), type: TensorType, rows: TensorType
  ) throws(ModelFileError) -> GGUFWriter {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      let source = try HuggingFaceSource(HuggingFaceFolder(path: path), gate: options.gate)
      var writer = try GGUFWriter(
        storing: source, name: URL(fileURLWithPath: path).lastPathComponent, path: path, type: type,
        rows: rows)
      let vocabulary = source.configuration.vocabulary
      // What makes no tokenizer here would make none in the file.
      if try Tokenizer(source.folder, vocabulary: vocabulary) != nil,
        let tokenizer = try Tokenizer.Definition(source.folder, vocabulary: vocabulary)
      {
        writer.set(tokenizer)
      }
      return writer
    }
    let file = try GGUFFile(path: path)
    let source = try GGUFSource(file, gate: options.gate, i2sBlock: options.i2sBlock)
    let name =
      try file.text("general.name")
      ?? URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    var writer = try GGUFWriter(storing: source, name: name, path: path, type: type, rows: rows)
    if let factors = try source.rotaryFactors() {
      writer.add(GGUFName.rotaryFactors, type: .f32, dimensions: [factors.count]) {
        .floats(.f32(factors))
      }
    }
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key })
    where key.hasPrefix("tokenizer.") {
      writer.set(key, value)
    }
    return writer
  }
}

extension GGUFWriter {
  /// A file of a source's weights, if the type can store them.
  ///
  /// `path` is where the source comes from, for errors.
  fileprivate init(
    storing source: some WeightSource, name: String, path: String, type: TensorType,
    rows: TensorType
  ) throws(ModelFileError) {
    for matrix in LayerMatrix.allCases {
      let (outFeatures, inFeatures) = matrix.shape(source.configuration)
      let filled = type == .i2s ? outFeatures * inFeatures : inFeatures
      let block = type == .i2s ? I2SBlock.x86.rawValue : 256
      guard filled.isMultiple(of: block) else {
        throw ModelFileError(
          path: path, part: "layer \(GGUFName.of(matrix, layer: 0))",
          reason: "is \(outFeatures) x \(inFeatures), which does not fill \(type.name)'s blocks of "
            + "\(block)", remedy: type == .i2s ? "run it as it is" : "store it as I2_S")
      }
    }
    self.init(
      OneScale(source: source, path: path, isNeeded: type == .i2s), name: name, type: type,
      rows: rows)
  }
}

/// A source that refuses a matrix of a scale a row where the file has place for one.
private struct OneScale<Source: WeightSource>: WeightSource {
  let source: Source
  let path: String
  let isNeeded: Bool

  var configuration: Configuration { source.configuration }
  var isTied: Bool { source.isTied }

  func matrix(_ matrix: LayerMatrix, layer: Int) throws(ModelFileError) -> TernaryWeights {
    let weights = try source.matrix(matrix, layer: layer)
    guard !isNeeded || weights.scales.count == 1 else {
      throw ModelFileError(
        path: path, part: "layer \(GGUFName.of(matrix, layer: layer))",
        reason: "has a scale a row, and I2_S holds one a tensor", remedy: "store it as TQ2_0")
    }
    return weights
  }

  func norm(_ norm: LayerNorm, layer: Int) throws(ModelFileError) -> [Float] {
    try source.norm(norm, layer: layer)
  }

  func outputNorm() throws(ModelFileError) -> [Float] { try source.outputNorm() }
  func embedding() throws(ModelFileError) -> FloatValues { try source.embedding() }
  func head() throws(ModelFileError) -> FloatValues { try source.head() }
}
