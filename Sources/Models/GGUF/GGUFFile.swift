/// A GGUF file, version 3 or 2, memory-mapped: its metadata, and where its tensors lie.
///
/// Format: github.com/ggml-org/ggml, docs/gguf.md. Everything that the file says about itself is checked
/// before it is used: counts against the bytes left, sizes for overflow, tensors against the file's end
/// and against each other.
public struct GGUFFile: Sendable {
  public let path: String
  public let metadata: [String: GGUFValue]
  /// In the file's order.
  public let tensors: [GGUFTensor]

  let file: MappedFile
  private let indexOfTensor: [String: Int]

  /// Maps and checks a file.
  ///
  /// - Throws: `ModelFileError`.
  public init(path: String) throws(ModelFileError) {
    try self.init(MappedFile(path: path))
  }

  /// Checks bytes in memory as if they were a file of that name.
  public init(bytes: some Collection<UInt8>, path: String) throws(ModelFileError) {
    try self.init(MappedFile(bytes: bytes, path: path))
  }

  init(_ file: MappedFile) throws(ModelFileError) {
    let header: GGUFHeader
    do {
      header = try file.withBytes(0..<file.count) { try GGUFHeader($0, path: file.path) }
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw ModelFileError(path: file.path, reason: "\(error)")
    }
    self.file = file
    path = file.path
    metadata = header.metadata
    tensors = header.tensors.map { GGUFTensor(info: $0, file: file) }
    indexOfTensor = Dictionary(
      uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  /// The size of the file in bytes.
  public var byteCount: Int { file.count }

  /// A tensor that may be missing.
  public func tensor(named name: String) -> GGUFTensor? {
    indexOfTensor[name].map { tensors[$0] }
  }

  /// A tensor that must be there.
  public func requiredTensor(_ name: String) throws(ModelFileError) -> GGUFTensor {
    guard let tensor = tensor(named: name) else {
      throw ModelFileError(
        path: path, part: "tensor \(String(reflecting: name))", reason: "is missing",
        remedy: nearestName(to: name, in: tensors.map(\.name)).map { "the nearest is \($0)" }
          ?? "the file holds no tensors")
    }
    return tensor
  }

  /// An error about one metadata key.
  func failure(key: String, _ reason: String) -> ModelFileError {
    ModelFileError(path: path, part: "key \(String(reflecting: key))", reason: reason)
  }

  /// The integer of a key; nil if there is no such key.
  public func integer(_ key: String) throws(ModelFileError) -> Int? {
    switch metadata[key] {
    case nil: nil
    case .integer(let value): value
    case .some(let other): throw failure(key: key, "holds \(other.kind), not an integer")
    }
  }

  /// The number of a key; nil if there is no such key.
  public func number(_ key: String) throws(ModelFileError) -> Double? {
    switch metadata[key] {
    case nil: nil
    case .number(let value) where value.isFinite: value
    case .number: throw failure(key: key, "is not a finite number")
    case .integer(let value): Double(value)
    case .some(let other): throw failure(key: key, "holds \(other.kind), not a number")
    }
  }

  /// The flag of a key; nil if there is no such key.
  public func flag(_ key: String) throws(ModelFileError) -> Bool? {
    switch metadata[key] {
    case nil: nil
    case .flag(let value): value
    case .some(let other): throw failure(key: key, "holds \(other.kind), not true or false")
    }
  }

  /// The text of a key; nil if there is no such key.
  public func text(_ key: String) throws(ModelFileError) -> String? {
    switch metadata[key] {
    case nil: nil
    case .text(let value): value
    case .some(let other): throw failure(key: key, "holds \(other.kind), not text")
    }
  }

  /// The texts of a key; nil if there is no such key.
  public func texts(_ key: String) throws(ModelFileError) -> [String]? {
    switch metadata[key] {
    case nil: nil
    case .texts(let value): value
    case .some(let other): throw failure(key: key, "holds \(other.kind), not a list of texts")
    }
  }

  /// The integers of a key; nil if there is no such key.
  public func integers(_ key: String) throws(ModelFileError) -> [Int]? {
    switch metadata[key] {
    case nil: nil
    case .integers(let value): value
    case .some(let other): throw failure(key: key, "holds \(other.kind), not a list of integers")
    }
  }
}
