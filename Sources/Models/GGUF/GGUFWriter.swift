internal import Foundation

/// Writes a GGUF file of version 3: the metadata, then the tensors, each at its alignment.
///
/// The header is written first and each tensor's bytes are made when their turn comes, so that a model
/// larger than memory can be written.
public struct GGUFWriter {
  /// What a tensor holds.
  public enum Content: Sendable {
    case floats(FloatValues)
    case ternary(TernaryWeights, as: TensorType)
  }

  private struct Entry {
    let name: String
    let type: TensorType
    /// Fastest first.
    let dimensions: [Int]
    let content: () throws -> Content

    var byteCount: Int {
      dimensions.reduce(1, *) / type.blockElements * type.blockBytes + type.trailingBytes
    }
  }

  private var metadata: [(key: String, value: GGUFValue)] = []
  private var entries: [Entry] = []
  private static let alignment = 32

  public init() {}

  /// Adds a metadata pair; the order of adding is that of the file.
  public mutating func set(_ key: String, _ value: GGUFValue) {
    metadata.append((key, value))
  }

  /// Adds a tensor whose content is made when it is written.
  ///
  /// - Parameters:
  ///   - name: As llama.cpp names it.
  ///   - type: How it is stored.
  ///   - dimensions: Fastest first: of a matrix, K and then M.
  ///   - content: Makes what is stored, of that type and shape.
  public mutating func add(
    _ name: String, type: TensorType, dimensions: [Int],
    content: @escaping () throws -> Content
  ) {
    precondition(
      (type == .i2s ? dimensions.reduce(1, *) : dimensions[0])
        .isMultiple(of: type == .i2s ? I2SBlock.x86.rawValue : type.blockElements),
      "\(name): no multiple of a block of \(type.name)")
    entries.append(Entry(name: name, type: type, dimensions: dimensions, content: content))
  }

  /// Writes the file, under another name until it is whole.
  ///
  /// - Throws: `ModelFileError` if it cannot be written, and what a tensor's content throws.
  public func write(to path: String) throws {
    let unfinished = path + ".part"
    guard FileManager.default.createFile(atPath: unfinished, contents: nil),
      let handle = FileHandle(forWritingAtPath: unfinished)
    else { throw Self.failure(path, String(cString: strerror(errno))) }
    do {
      try write { try handle.write(contentsOf: Data($0)) }
      try handle.close()
      guard rename(unfinished, path) == 0 else {
        throw Self.failure(path, String(cString: strerror(errno)))
      }
    } catch {
      unlink(unfinished)
      throw error is ModelFileError ? error : Self.failure(path, error.localizedDescription)
    }
  }

  /// The file's bytes.
  public func bytes() throws -> [UInt8] {
    var all: [UInt8] = []
    try write { all += $0 }
    return all
  }

  private static func failure(_ path: String, _ reason: String) -> ModelFileError {
    ModelFileError(
      .unreadable, path: path, reason: "cannot be written: \(reason)",
      remedy: "check the path, its permissions and the space left")
  }

  private func write(_ output: ([UInt8]) throws -> Void) throws {
    var header = ByteBuilder()
    header.append(UInt32(0x4655_4747))  // "GGUF"
    header.append(UInt32(3))
    header.append(UInt64(entries.count))
    header.append(UInt64(metadata.count))
    for (key, value) in metadata {
      header.append(text: key)
      header.append(value: value)
    }
    var offset = 0
    for entry in entries {
      header.append(text: entry.name)
      header.append(UInt32(entry.dimensions.count))
      for dimension in entry.dimensions { header.append(UInt64(dimension)) }
      header.append(entry.type.rawValue)
      header.append(UInt64(offset))
      offset += Self.aligned(entry.byteCount)
    }
    header.pad(to: Self.alignment)
    try output(header.bytes)
    for entry in entries {
      var data = ByteBuilder()
      data.append(try entry.content(), type: entry.type)
      precondition(data.bytes.count == entry.byteCount, "\(entry.name): content of another size")
      data.pad(to: Self.alignment)
      try output(data.bytes)
    }
  }

  private static func aligned(_ size: Int) -> Int {
    (size + alignment - 1) / alignment * alignment
  }
}
