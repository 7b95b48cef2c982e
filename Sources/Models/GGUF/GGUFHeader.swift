/// All of a GGUF file that lies in front of the tensors' data.
struct GGUFHeader {
  /// Where one tensor lies.
  struct TensorInfo: Sendable {
    var name: String
    var type: TensorType
    /// Fastest first: K, then M.
    var dimensions: [Int]
    /// Within the file.
    var bytes: Range<Int>
  }

  private(set) var metadata: [String: GGUFValue] = [:]
  private(set) var tensors: [TensorInfo] = []

  private static let magic: UInt32 = 0x4655_4747  // "GGUF"
  private static let longestName = 64  // ggml's GGML_MAX_NAME
  private static let mostDimensions = 4
  private static let defaultAlignment = 32
  private static let largestAlignment = 1 << 20

  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    var cursor = ByteCursor(bytes)
    do {
      guard try cursor.integer(UInt32.self) == Self.magic else {
        throw ByteCursor.Problem(reason: "does not begin with GGUF")
      }
      let version = try cursor.integer(UInt32.self)
      guard version == 2 || version == 3 else {
        throw ByteCursor.Problem(reason: "is GGUF of version \(version), and 2 and 3 are known")
      }
      // A tensor's description takes at least 32 bytes, and a metadata pair 13.
      let tensorCount = try cursor.count(of: "tensors", leastBytes: 32)
      let pairCount = try cursor.count(of: "metadata pairs", leastBytes: 13)
      try readMetadata(pairCount, &cursor, path)
      try readTensors(tensorCount, &cursor, path)
    } catch let problem as ByteCursor.Problem {
      throw ModelFileError(path: path, reason: problem.reason)
    }
  }

  private mutating func readMetadata(_ count: Int, _ cursor: inout ByteCursor, _ path: String)
    throws
  {
    for _ in 0..<count {
      let key = try cursor.text()
      do {
        let value = try Self.value(of: Self.type(&cursor), &cursor)
        guard metadata.updateValue(value, forKey: key) == nil else {
          throw ByteCursor.Problem(reason: "is there twice")
        }
      } catch let problem as ByteCursor.Problem {
        throw ModelFileError(
          path: path, part: "key \(String(reflecting: key))", reason: problem.reason)
      }
    }
  }

  private static func type(_ cursor: inout ByteCursor) throws -> GGUFValueType {
    let number = try cursor.integer(UInt32.self)
    guard let type = GGUFValueType(rawValue: number) else {
      throw ByteCursor.Problem(reason: "has a value of the unknown type \(number)")
    }
    return type
  }

  private static func value(of type: GGUFValueType, _ cursor: inout ByteCursor) throws
    -> GGUFValue
  {
    switch type {
    case .string: .text(try cursor.text())
    case .bool: .flag(try flag(&cursor))
    case .float32, .float64: .number(try number(of: type, &cursor))
    case .array: try list(&cursor)
    default: .integer(try integer(of: type, &cursor))
    }
  }

  private static func list(_ cursor: inout ByteCursor) throws -> GGUFValue {
    let type = try type(&cursor)
    let count = try cursor.count(of: "values", leastBytes: type.leastBytes)
    func values<Value>(_ read: (inout ByteCursor) throws -> Value) throws -> [Value] {
      var list: [Value] = []
      list.reserveCapacity(count)
      for _ in 0..<count { list.append(try read(&cursor)) }
      return list
    }
    switch type {
    case .string: return .texts(try values { try $0.text() })
    case .bool: return .flags(try values { try flag(&$0) })
    case .float32, .float64: return .numbers(try values { try number(of: type, &$0) })
    case .array: throw ByteCursor.Problem(reason: "is a list of lists, which nothing here reads")
    default: return .integers(try values { try integer(of: type, &$0) })
    }
  }

  private static func flag(_ cursor: inout ByteCursor) throws -> Bool {
    let byte = try cursor.integer(UInt8.self)
    guard byte <= 1 else { throw ByteCursor.Problem(reason: "has a flag of value \(byte)") }
    return byte == 1
  }

  private static func number(of type: GGUFValueType, _ cursor: inout ByteCursor) throws -> Double {
    type == .float32
      ? Double(Float(bitPattern: try cursor.integer(UInt32.self)))
      : Double(bitPattern: try cursor.integer(UInt64.self))
  }

  private static func integer(of type: GGUFValueType, _ cursor: inout ByteCursor) throws -> Int {
    switch type {
    case .uint8: return Int(try cursor.integer(UInt8.self))
    case .int8: return Int(try cursor.integer(Int8.self))
    case .uint16: return Int(try cursor.integer(UInt16.self))
    case .int16: return Int(try cursor.integer(Int16.self))
    case .uint32: return Int(try cursor.integer(UInt32.self))
    case .int32: return Int(try cursor.integer(Int32.self))
    case .int64: return Int(try cursor.integer(Int64.self))
    default:
      let value = try cursor.integer(UInt64.self)
      guard let value = Int(exactly: value) else {
        throw ByteCursor.Problem(reason: "holds \(value), beyond 63 bits")
      }
      return value
    }
  }
}

extension GGUFHeader {
  private mutating func readTensors(_ count: Int, _ cursor: inout ByteCursor, _ path: String)
    throws
  {
    var offsets: [Int] = []
    tensors.reserveCapacity(count)
    offsets.reserveCapacity(count)
    for _ in 0..<count {
      let name = try cursor.text()
      do {
        guard name.utf8.count <= Self.longestName else {
          throw ByteCursor.Problem(reason: "has a name of more than \(Self.longestName) bytes")
        }
        let (info, offset) = try Self.info(name, &cursor)
        tensors.append(info)
        offsets.append(offset)
      } catch let problem as ByteCursor.Problem {
        throw Self.failure(path, String(name.prefix(Self.longestName)), problem.reason)
      }
    }
    try place(offsets, after: cursor.position, of: cursor.bytes.count, path)
  }

  /// One tensor's description; its bytes begin at 0 until `place` knows where the data begins.
  private static func info(_ name: String, _ cursor: inout ByteCursor) throws -> (TensorInfo, Int) {
    let rank = Int(try cursor.integer(UInt32.self))
    guard (1...mostDimensions).contains(rank) else {
      throw ByteCursor.Problem(
        reason: "has \(rank) dimensions, and 1 to \(mostDimensions) are known")
    }
    var dimensions: [Int] = []
    var elements = 1
    for _ in 0..<rank {
      let value = try cursor.integer(UInt64.self)
      guard value >= 1, let dimension = Int(exactly: value) else {
        throw ByteCursor.Problem(reason: "has a dimension of \(value)")
      }
      let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= Int.max / 8 else {
        throw ByteCursor.Problem(reason: "has more elements than 60 bits count")
      }
      elements = product
      dimensions.append(dimension)
    }
    let number = try cursor.integer(UInt32.self)
    guard let type = TensorType(rawValue: number) else {
      let known = TensorType.allCases.map { "\($0.name) (\($0.rawValue))" }.joined(separator: ", ")
      throw ByteCursor.Problem(reason: "is of ggml type \(number), and known are \(known)")
    }
    // I2_S counts over the whole tensor, the others over a row.
    let whole = type == .i2s ? elements : dimensions[0]
    guard whole.isMultiple(of: type.blockElements) else {
      throw ByteCursor.Problem(
        reason:
          "is \(type.name) of \(whole) elements, which is no multiple of \(type.blockElements)")
    }
    // At most 4 bytes an element and 60 bits of elements: no overflow.
    let size = elements / type.blockElements * type.blockBytes + type.trailingBytes
    guard let offset = Int(exactly: try cursor.integer(UInt64.self)) else {
      throw ByteCursor.Problem(reason: "begins beyond 63 bits")
    }
    return (TensorInfo(name: name, type: type, dimensions: dimensions, bytes: 0..<size), offset)
  }

  /// Adds where the data begins, and checks that every tensor lies within the file and on no other.
  private mutating func place(_ offsets: [Int], after end: Int, of fileSize: Int, _ path: String)
    throws
  {
    let alignment = try alignment(path)
    let start = (end + alignment - 1) / alignment * alignment
    for (index, offset) in offsets.enumerated() {
      let name = tensors[index].name
      let size = tensors[index].bytes.count
      guard offset.isMultiple(of: alignment) else {
        throw Self.failure(
          path, name, "begins at \(offset) of the data, no multiple of \(alignment)")
      }
      guard start <= fileSize, offset <= fileSize - start, size <= fileSize - start - offset else {
        throw Self.failure(
          path, name,
          "takes \(size) bytes from \(offset) of the data, and the file has "
            + "\(max(fileSize - start, 0))")
      }
      tensors[index].bytes = start + offset..<start + offset + size
    }
    var names: Set<String> = []
    for tensor in tensors where !names.insert(tensor.name).inserted {
      throw Self.failure(path, tensor.name, "is there twice")
    }
    let sorted = tensors.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
    for (a, b) in zip(sorted, sorted.dropFirst()) where a.bytes.upperBound > b.bytes.lowerBound {
      throw Self.failure(path, b.name, "overlaps tensor \(String(reflecting: a.name))")
    }
  }

  private func alignment(_ path: String) throws -> Int {
    guard let value = metadata["general.alignment"] else { return Self.defaultAlignment }
    guard case .integer(let alignment) = value, (8...Self.largestAlignment).contains(alignment),
      alignment & (alignment - 1) == 0
    else {
      throw ModelFileError(
        path: path, part: "key \"general.alignment\"",
        reason: "is no power of two from 8 to \(Self.largestAlignment)")
    }
    return alignment
  }

  private static func failure(_ path: String, _ name: String, _ reason: String) -> ModelFileError {
    ModelFileError(path: path, part: "tensor \(String(reflecting: name))", reason: reason)
  }
}
