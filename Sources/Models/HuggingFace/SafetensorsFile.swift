internal import Foundation

/// A safetensors file, memory-mapped: a JSON header that says where each tensor lies.
///
/// Format: github.com/huggingface/safetensors. Sizes, ends and overlaps are checked before they are used.
struct SafetensorsFile: Sendable {
  /// One tensor.
  struct Tensor: Sendable {
    enum Element: String, Decodable, Sendable {
      case f32 = "F32"
      case f16 = "F16"
      case bf16 = "BF16"
      case u8 = "U8"
      case i8 = "I8"

      var byteCount: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .u8, .i8: 1
        }
      }
    }

    let name: String
    let element: Element
    /// Slowest first: of a matrix, M and then K.
    let shape: [Int]
    /// Within the file.
    let bytes: Range<Int>
  }

  let path: String
  let tensors: [String: Tensor]
  private let file: MappedFile

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  /// A name that is no tensor.
  private static let metadataKey = "__metadata__"

  init(path: String) throws(ModelFileError) {
    try self.init(MappedFile(path: path))
  }

  init(bytes: some Collection<UInt8>, path: String) throws(ModelFileError) {
    try self.init(MappedFile(bytes: bytes, path: path))
  }

  private init(_ file: MappedFile) throws(ModelFileError) {
    path = file.path
    self.file = file
    func failure(_ reason: String) -> ModelFileError {
      ModelFileError(path: file.path, reason: reason)
    }
    guard file.count >= 8 else { throw failure("ends within the length of its header") }
    let length = file.withBytes(0..<8) {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    }
    guard length <= UInt64(file.count - 8) else {
      throw failure(
        "claims a header of \(length) bytes, and has \(file.count - 8) behind its length")
    }
    let begin = 8 + Int(length)
    let header = file.withBytes(8..<begin) { Data($0) }
    guard let object = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw failure("has a header that is no JSON object")
    }
    var tensors: [String: Tensor] = [:]
    for (name, value) in object where name != Self.metadataKey {
      guard let fields = value as? [String: Any] else {
        throw failure("has a header whose \(String(reflecting: name)) is no description")
      }
      tensors[name] = try Self.tensor(
        name, fields, dataBegin: begin, fileSize: file.count, path: file.path)
    }
    self.tensors = tensors
    let sorted = tensors.values.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
    for (a, b) in zip(sorted, sorted.dropFirst()) where a.bytes.upperBound > b.bytes.lowerBound {
      throw Self.failure(path, b.name, "overlaps tensor \(String(reflecting: a.name))")
    }
  }

  private static func tensor(
    _ name: String, _ fields: [String: Any], dataBegin: Int, fileSize: Int, path: String
  ) throws(ModelFileError) -> Tensor {
    guard let type = fields["dtype"] as? String else {
      throw failure(path, name, "has no dtype")
    }
    guard let element = Tensor.Element(rawValue: type) else {
      throw failure(path, name, "is of type \(type), and F32, F16, BF16, U8 and I8 are known")
    }
    guard let shape = fields["shape"] as? [Int], shape.allSatisfy({ $0 >= 0 }), shape.count <= 4
    else { throw failure(path, name, "has no shape of up to four dimensions") }
    guard let offsets = fields["data_offsets"] as? [Int], offsets.count == 2, offsets[0] >= 0,
      offsets[1] >= offsets[0], offsets[1] <= fileSize - dataBegin
    else { throw failure(path, name, "has no data_offsets within the file") }
    var count = element.byteCount
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw failure(path, name, "has more bytes than 63 bits count") }
      count = product
    }
    guard count == offsets[1] - offsets[0] else {
      throw failure(
        path, name, "of the shape \(shape) takes \(count) bytes, and has \(offsets[1] - offsets[0])"
      )
    }
    return Tensor(
      name: name, element: element, shape: shape,
      bytes: dataBegin + offsets[0]..<dataBegin + offsets[1])
  }

  static func failure(_ path: String, _ name: String, _ reason: String) -> ModelFileError {
    ModelFileError(path: path, part: "tensor \(String(reflecting: name))", reason: reason)
  }

  /// An error about one tensor.
  func failure(_ tensor: Tensor, _ reason: String) -> ModelFileError {
    Self.failure(path, tensor.name, reason)
  }

  /// A tensor's values as floats of the file's width.
  func floats(_ tensor: Tensor) throws(ModelFileError) -> FloatValues {
    let values: FloatValues
    switch tensor.element {
    case .f32: values = .f32(elements(tensor, UInt32.self).map { Float(bitPattern: $0) })
    case .f16: values = .f16(elements(tensor, UInt16.self))
    case .bf16: values = .bf16(elements(tensor, UInt16.self))
    case .u8, .i8:
      throw failure(tensor, "is \(tensor.element.rawValue), and float values are needed here")
    }
    if let index = values.firstNonFinite {
      throw failure(tensor, "holds a value at \(index) that is infinite or not a number")
    }
    return values
  }

  /// A tensor's bytes.
  func bytes(_ tensor: Tensor) -> [UInt8] {
    file.withBytes(tensor.bytes) { Array($0) }
  }

  private func elements<Value: FixedWidthInteger>(_ tensor: Tensor, _: Value.Type) -> [Value] {
    let count = tensor.bytes.count / MemoryLayout<Value>.size
    return file.withBytes(tensor.bytes) { bytes in
      (0..<count).map {
        Value(
          littleEndian: bytes.loadUnaligned(
            fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self))
      }
    }
  }
}
