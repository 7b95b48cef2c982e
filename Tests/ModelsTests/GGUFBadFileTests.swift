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
    #expect(file.tensors.count == 5)
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

  /// A seeded mutator; TERNBENCH_FUZZ sets how many inputs.
  @Test func mutationsNeverTrap() throws {
    let environment = ProcessInfo.processInfo.environment["TERNBENCH_FUZZ"]
    let count = environment.flatMap { Int($0) } ?? 20_000
    let original = try FuzzModel.bytes()
    var random = Mutator(seed: 1)
    var accepted = 0
    for round in 0..<count {
      let bytes = random.mutated(original)
      do {
        try Self.readAll(bytes)
        accepted += 1
      } catch let error as ModelFileError {
        #expect(!error.reason.isEmpty && error.category == .invalid)
      } catch {
        Issue.record("round \(round): \(error), not a ModelFileError")
        return
      }
    }
    // Many mutations hit weights, which may be anything; many must be noticed.
    #expect(accepted > 0 && accepted < count)
  }
}

/// A small file with a tokenizer, for mutation.
enum FuzzModel {
  static func bytes() throws -> [UInt8] {
    var writer = GGUFTests.writer()
    let letters = ByteAlphabet.letters.map { String($0) }
    writer.set("tokenizer.ggml.model", .text("gpt2"))
    writer.set("tokenizer.ggml.pre", .text("gpt-2"))
    writer.set("tokenizer.ggml.tokens", .texts(letters + ["th", "the"]))
    writer.set("tokenizer.ggml.merges", .texts(["t h", "th e"]))
    writer.set(
      "tokenizer.ggml.token_type", .integers([Int](repeating: 1, count: letters.count + 2)))
    writer.set("tokenizer.ggml.eos_token_id", .integer(5))
    return try writer.bytes()
  }
}

/// Changes bytes: flips, numbers that are extreme, parts that move, ends that are cut off.
struct Mutator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private mutating func below(_ limit: Int) -> Int {
    Int(next() % UInt64(max(limit, 1)))
  }

  mutating func mutated(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...below(3) where !bytes.isEmpty {
      // Half of the changes hit the header's first part, where the counts are.
      let position = below(2) == 0 ? below(min(bytes.count, 512)) : below(bytes.count)
      switch below(5) {
      case 0: bytes[position] ^= 1 << UInt8(below(8))
      case 1: bytes[position] = UInt8(truncatingIfNeeded: next())
      case 2:
        let extremes: [UInt64] = [0, 1, .max, 1 << 63, 1 << 62, 1 << 31, 1 << 32, 0x7FC0_0000]
        let value = extremes[below(extremes.count)]
        let size = [1, 4, 8][below(3)]
        for i in 0..<size where position + i < bytes.count {
          bytes[position + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i))
        }
      case 3:
        let end = min(position + 1 + below(16), bytes.count)
        bytes.insert(contentsOf: bytes[position..<end], at: below(bytes.count))
      default: bytes.removeLast(below(bytes.count))
      }
    }
    return bytes
  }
}
