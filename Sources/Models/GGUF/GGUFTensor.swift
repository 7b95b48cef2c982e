/// One tensor of a GGUF file.
public struct GGUFTensor: Sendable {
  public let name: String
  public let type: TensorType
  /// Fastest first: of a matrix, K and then M.
  public let dimensions: [Int]

  private let bytes: Range<Int>
  private let file: MappedFile

  init(info: GGUFHeader.TensorInfo, file: MappedFile) {
    name = info.name
    type = info.type
    dimensions = info.dimensions
    bytes = info.bytes
    self.file = file
  }

  public var elementCount: Int { dimensions.reduce(1, *) }
  public var byteCount: Int { bytes.count }

  /// An error about this tensor.
  package func failure(_ reason: String, remedy: String? = nil) -> ModelFileError {
    let part = "tensor \(String(reflecting: name))"
    return remedy.map { ModelFileError(path: file.path, part: part, reason: reason, remedy: $0) }
      ?? ModelFileError(path: file.path, part: part, reason: reason)
  }

  /// Checks the shape: [K] of a vector, [K, M] of a matrix.
  package func require(_ shape: [Int]) throws(ModelFileError) {
    guard dimensions == shape else {
      throw failure("has the shape \(dimensions), and the model's is \(shape)")
    }
  }

  /// Calls `body` with the tensor's bytes.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try file.withBytes(bytes, body)
  }

  /// Calls `body` with where the tensor lies and what keeps it there: nothing moves or changes while that lives.
  package func withPlace<Result>(
    _ body: (_ bytes: UnsafeRawBufferPointer, _ owner: AnyObject) throws -> Result
  ) rethrows -> Result {
    try file.withBytes(bytes) { try body($0, file) }
  }
}
