extension GGUFTensor {
  /// The elements as floats of the file's width.
  ///
  /// - Throws: `ModelFileError` if the type is ternary, or a value is infinite or not a number.
  public func floats() throws(ModelFileError) -> FloatValues {
    let values: FloatValues
    switch type {
    case .f32:
      values = .f32(elements(of: UInt32.self).map { Float(bitPattern: $0) })
    case .f16:
      values = .f16(elements(of: UInt16.self))
    case .bf16:
      values = .bf16(elements(of: UInt16.self))
    case .q6K:
      values = .q6k(withBytes { Array($0) })
    case .tq1, .tq2, .i2s:
      throw failure("is \(type.name), and float values are needed here")
    }
    if let index = values.firstNonFinite {
      throw failure("holds a value at \(index) that is infinite or not a number")
    }
    return values
  }

  /// The elements as little-endian integers.
  private func elements<Value: FixedWidthInteger>(of _: Value.Type) -> [Value] {
    withBytes { bytes in
      let values = [Value](unsafeUninitializedCapacity: elementCount) { target, initialized in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
        initialized = elementCount
      }
      #if _endian(big)
      return values.map { Value(littleEndian: $0) }
      #else
      return values
      #endif
    }
  }
}
