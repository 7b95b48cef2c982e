import Foundation
import Testing

@testable import Models

/// A hostile or damaged file gives one error that names the file and the part, and nothing else.
@Suite struct GGUFBadFileTests {
  /// Opens bytes and reads every tensor in every way.
  static func readAll(_ bytes: [UInt8]) throws {
    let file = try GGUFFile(bytes: bytes, path: "bad.gguf")
    _ = try Tokenizer(file, vocabulary: 1000)
    for tensor in file.tensors {
      switch tensor.type {
      case .i2s, .tq1, .tq2: _ = try tensor.ternaryWeights()
      default: _ = try tensor.floats()
      }
    }
  }

  static func failure(_ bytes: [UInt8]) -> ModelFileError? {
    do {
      try readAll(bytes)
      return nil
    } catch {
      return error as? ModelFileError
    }
  }

  static let good: [UInt8] = (try? GGUFTests.writer().bytes()) ?? []

  /// The position behind a text in the file.
  static func position(after text: String) throws -> Int {
    let pattern = Array(text.utf8)
    let found = (0...good.count - pattern.count).first {
      Array(good[$0..<$0 + pattern.count]) == pattern
    }
    return try #require(found) + pattern.count
  }

  static func replacing(_ position: Int, with bytes: [UInt8]) -> [UInt8] {
    var copy = good
    copy.replaceSubrange(position..<position + bytes.count, with: bytes)
    return copy
  }

  @Test func theFileItselfIsGood() {
    #expect(Self.failure(Self.good) == nil && !Self.good.isEmpty)
  }

  @Test func everyTruncationIsNamed() {
    // Padding behind the last tensor's data may be missing, nothing else.
    for count in stride(from: 0, to: Self.good.count - 32, by: 7) {
      #expect(Self.failure(Array(Self.good[..<count]))?.path == "bad.gguf", "\(count) bytes")
    }
  }

  @Test func countsBeyondTheFileAreNamed() {
    for position in [8, 16] {  // tensors, metadata pairs
      for count in [UInt64.max, 1 << 40, 1 << 63] {
        let bytes = withUnsafeBytes(of: count.littleEndian) { Array($0) }
        let failure = Self.failure(Self.replacing(position, with: bytes))
        #expect(failure?.reason.contains("claims") == true)
      }
    }
  }

  @Test func aTensorBeyondTheFileIsNamed() throws {
    // Behind the name: rank, two dimensions, type, offset.
    let offset = try Self.position(after: "ternary.I2_S") + 4 + 16 + 4
    for value: UInt64 in [1 << 20, 1 << 62, .max - 31] {
      let bytes = withUnsafeBytes(of: value.littleEndian) { Array($0) }
      let failure = Self.failure(Self.replacing(offset, with: bytes))
      #expect(
        failure?.part == "tensor \"ternary.I2_S\"", "\(value): \(String(describing: failure))")
    }
  }

  @Test func overlapIsNamed() throws {
    let offset = try Self.position(after: "ternary.I2_S") + 4 + 16 + 4
    let failure = Self.failure(Self.replacing(offset, with: [UInt8](repeating: 0, count: 8)))
    #expect(failure?.reason.contains("overlaps") == true)
  }

  @Test func dimensionsThatOverflowAreNamed() throws {
    let dimension = try Self.position(after: "floats.F32") + 4
    for bytes: [UInt8] in [
      [0, 0, 0, 0, 0, 0, 0, 0], [255, 255, 255, 255, 255, 255, 255, 255],
      [0, 0, 0, 0, 0, 0, 0, 0x40],
    ] {
      #expect(
        Self.failure(Self.replacing(dimension, with: bytes))?.part == "tensor \"floats.F32\"")
    }
  }

  @Test func anUnknownTypeIsNamed() throws {
    let type = try Self.position(after: "floats.F32") + 4 + 16
    let failure = Self.failure(Self.replacing(type, with: [12, 0, 0, 0]))
    #expect(failure?.reason.contains("ggml type 12") == true)
  }

  @Test func code3AndBadScalesAreNamed() throws {
    let file = try GGUFFile(bytes: Self.good, path: "good.gguf")
    #expect(file.tensors.count == 6)
    // The data of the last two tensors: I2_S, 192 bytes, its scale and padding; then TQ2_0.
    let tq2 = Self.good.count - 3 * 66 - (32 - 3 * 66 % 32) % 32
    let i2s = tq2 - 224
    #expect(Self.failure(Self.replacing(i2s + 5, with: [0xC0]))?.reason.contains("code 3") == true)
    #expect(
      Self.failure(Self.replacing(i2s + 192, with: [0, 0, 0xC0, 0x7F]))?.reason.contains("scale")
        == true)
    #expect(Self.failure(Self.replacing(tq2 + 5, with: [0x0C]))?.reason.contains("code 3") == true)
    #expect(
      Self.failure(Self.replacing(tq2 + 64, with: [0xFF, 0x7F]))?.reason.contains("scale") == true)
  }

  @Test func infiniteFloatsAreNamed() throws {
    let failure = Self.failure(
      Self.replacing(Self.good.count - 3 * 66 - 26 - 224 - 4, with: [0x80, 0x7F]))
    #expect(failure?.part == "tensor \"floats.BF16\"", "\(String(describing: failure))")
  }
}
