internal import Foundation

/// A model's folder as Hugging Face transformers saves it: config.json and one or more safetensors files.
public struct HuggingFaceFolder: Sendable {
  public let path: String
  public let configuration: HuggingFaceConfiguration
  private let files: [SafetensorsFile]
  private let fileOfTensor: [String: Int]

  /// The names of a folder's files.
  static let configurationName = "config.json"
  static let tokenizerName = "tokenizer.json"
  private static let singleName = "model.safetensors"
  private static let indexName = "model.safetensors.index.json"

  /// Opens a folder and checks its files.
  ///
  /// - Throws: `ModelFileError`.
  public init(path: String) throws(ModelFileError) {
    self.path = path
    let configurationPath = "\(path)/\(Self.configurationName)"
    configuration = try Self.decode(HuggingFaceConfiguration.self, at: configurationPath)
    var names = [Self.singleName]
    if access("\(path)/\(Self.singleName)", F_OK) != 0 {
      let index = try Self.decode(Index.self, at: "\(path)/\(Self.indexName)")
      names = Set(index.weight_map.values).sorted()
      for name in names where name.contains("/") || name.hasPrefix(".") {
        throw ModelFileError(
          path: "\(path)/\(Self.indexName)",
          reason: "names the file \(String(reflecting: name)), which is not in the folder")
      }
    }
    var files: [SafetensorsFile] = []
    var fileOfTensor: [String: Int] = [:]
    for (index, name) in names.enumerated() {
      let file = try SafetensorsFile(path: "\(path)/\(name)")
      for tensor in file.tensors.keys {
        guard fileOfTensor.updateValue(index, forKey: tensor) == nil else {
          throw SafetensorsFile.failure(file.path, tensor, "is in two files of the folder")
        }
      }
      files.append(file)
    }
    self.files = files
    self.fileOfTensor = fileOfTensor
  }

  private struct Index: Decodable {
    let weight_map: [String: String]
  }

  /// Reads a JSON file.
  static func decode<Value: Decodable>(_ type: Value.Type, at path: String) throws(ModelFileError)
    -> Value
  {
    let file = try MappedFile(path: path)
    do {
      return try file.withBytes(0..<file.count) {
        guard String(validating: $0, as: UTF8.self) != nil else {
          throw ModelFileError(path: path, reason: "is not UTF-8")
        }
        let data = Data($0)
        // Swift 6.0's decoder traps on a key that is no JSON; this throws.
        _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        return try JSONDecoder().decode(type, from: data)
      }
    } catch let error as ModelFileError {
      throw error
    } catch DecodingError.keyNotFound(let key, _) {
      throw ModelFileError(
        path: path, part: "key \(String(reflecting: key.stringValue))", reason: "is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context)
    {
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw ModelFileError(
        path: path, part: "key \(String(reflecting: key))", reason: "has a value of another kind")
    } catch {
      throw ModelFileError(path: path, reason: "is no JSON of this kind")
    }
  }

  /// How many tensors there are.
  package var tensorCount: Int { fileOfTensor.count }

  /// Whether there is a tensor of that name.
  package func hasTensor(_ name: String) -> Bool { fileOfTensor[name] != nil }

  private func required(_ name: String) throws(ModelFileError) -> (
    SafetensorsFile, SafetensorsFile.Tensor
  ) {
    guard let index = fileOfTensor[name], let tensor = files[index].tensors[name] else {
      throw ModelFileError(
        path: path, part: "tensor \(String(reflecting: name))", reason: "is missing",
        remedy: nearestName(to: name, in: fileOfTensor.keys.sorted()).map { "the nearest is \($0)" }
          ?? "the folder holds no tensors")
    }
    return (files[index], tensor)
  }

  /// A tensor of floats that must be there, of the given shape, slowest first.
  package func floats(_ name: String, shape: [Int]) throws(ModelFileError) -> FloatValues {
    let (file, tensor) = try required(name)
    guard tensor.shape == shape else {
      throw file.failure(tensor, "has the shape \(tensor.shape), and the model's is \(shape)")
    }
    return try file.floats(tensor)
  }

  /// A linear layer's weights: packed with their scale, or floats that are quantized here.
  package func ternaryWeights(_ name: String, outFeatures: Int, inFeatures: Int)
    throws(ModelFileError) -> TernaryWeights
  {
    let (file, tensor) = try required("\(name).weight")
    guard tensor.element == .u8 else {
      var weights = TernaryWeights(
        quantizing: try floats("\(name).weight", shape: [outFeatures, inFeatures]).floats,
        outFeatures: outFeatures, inFeatures: inFeatures)
      if hasTensor("\(name).weight_scale") { weights.scale(by: try scale(name)) }
      return weights
    }
    guard outFeatures.isMultiple(of: 4), tensor.shape == [outFeatures / 4, inFeatures] else {
      throw file.failure(
        tensor,
        "has the shape \(tensor.shape), and the model's \(outFeatures) x \(inFeatures) is packed "
          + "by four rows")
    }
    // Row i · M/4 + j lies in packed row j, bits 2 i and 2 i + 1.
    let packed = file.bytes(tensor)
    var values = [Int8](repeating: 0, count: outFeatures * inFeatures)
    var illegal: UInt8 = 0
    for (index, byte) in packed.enumerated() {
      illegal |= byte & byte >> 1 & 0x55
      for i in 0..<4 { values[i * packed.count + index] = Int8(byte >> UInt8(2 * i) & 3) - 1 }
    }
    guard illegal == 0 else {
      throw file.failure(tensor, "holds code 3, which is no ternary weight")
    }
    return TernaryWeights(
      outFeatures: outFeatures, inFeatures: inFeatures, values: values, scales: [try scale(name)])
  }

  /// What to multiply by: `weight_scale` itself, or its reciprocal, as the layer's class means it.
  private func scale(_ name: String) throws(ModelFileError) -> Float {
    let (file, tensor) = try required("\(name).weight_scale")
    guard tensor.shape == [1] || tensor.shape == [] else {
      throw file.failure(tensor, "has the shape \(tensor.shape), and one scale is known")
    }
    let stored = try file.floats(tensor).floats[0]
    guard stored > 0 else { throw file.failure(tensor, "is \(stored), not above 0") }
    return configuration.scalesAreReciprocal ? 1 / stored : stored
  }
}
