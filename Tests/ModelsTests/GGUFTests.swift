import Foundation
import Testing

@testable import Models

/// What the writer writes the reader reads, and what is wrong is named.
@Suite struct GGUFTests {
  static let ternary = TernaryWeights(
    outFeatures: 3, inFeatures: 256, values: (0..<768).map { Int8($0 * 7 % 3) - 1 }, scales: [0.5])
  static let floats: [Float] = (0..<512).map { Float($0 % 37 - 18) / 16 }

  /// A small file with every kind of value and every type that is written.
  static func writer() -> GGUFWriter {
    var writer = GGUFWriter()
    writer.set("general.architecture", .text("bitnet"))
    writer.set("an.integer", .integer(7))
    writer.set("negative", .integer(-7))
    writer.set("wide", .integer(1 << 40))
    writer.set("number", .number(0.5))
    writer.set("flag", .flag(true))
    writer.set("integers", .integers([1, -2, 3]))
    writer.set("numbers", .numbers([0.25, -4]))
    writer.set("flags", .flags([true, false]))
    writer.set("texts", .texts(["", "Ġthe", "世界"]))
    writer.add("ternary.TQ1_0", type: .tq1, dimensions: [256, 3]) { .ternary(ternary, as: .tq1) }
    for type in [TensorType.f32, .f16, .bf16] {
      writer.add("floats.\(type.name)", type: type, dimensions: [256, 2]) { .floats(.f32(floats)) }
    }
    for type in [TensorType.i2s, .tq2] {
      writer.add("ternary.\(type.name)", type: type, dimensions: [256, 3]) {
        .ternary(ternary, as: type)
      }
    }
    return writer
  }

  @Test func whatIsWrittenIsRead() throws {
    let writer = Self.writer()
    let file = try GGUFFile(bytes: writer.bytes(), path: "memory.gguf")
    #expect(file.metadata["general.architecture"] == .text("bitnet"))
    #expect(try file.integer("an.integer") == 7)
    #expect(try file.integer("negative") == -7)
    #expect(try file.integer("wide") == 1 << 40)
    #expect(try file.number("number") == 0.5)
    #expect(try file.flag("flag") == true)
    #expect(try file.integers("integers") == [1, -2, 3])
    #expect(file.metadata["numbers"] == .numbers([0.25, -4]))
    #expect(file.metadata["flags"] == .flags([true, false]))
    #expect(try file.texts("texts") == ["", "Ġthe", "世界"])
    for type in [TensorType.f32, .f16, .bf16] {
      let tensor = try file.requiredTensor("floats.\(type.name)")
      // Multiples of 1/16 below 2 are exact in every width.
      #expect(try tensor.floats().floats == Self.floats, "\(type.name)")
      #expect(tensor.type == type && tensor.dimensions == [256, 2])
    }
    for type in [TensorType.tq1, .i2s, .tq2] {
      #expect(try file.requiredTensor("ternary.\(type.name)").ternaryWeights() == Self.ternary)
    }
  }

  @Test func aFileIsTheSameAsItsBytes() throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("ternbench-\(UUID().uuidString).gguf").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Self.writer().write(to: path)
    #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == Self.writer().bytes())
    let file = try GGUFFile(path: path)
    #expect(try file.requiredTensor("ternary.I2_S").ternaryWeights() == Self.ternary)
    #expect(!FileManager.default.fileExists(atPath: path + ".part"))
  }

  @Test func floatsThatAreTernaryKeepTheirScale() throws {
    let values: [Float] = [0.25, -0.25, 0, 0.25]
    let weights = TernaryWeights(quantizing: values, outFeatures: 2, inFeatures: 2)
    #expect(weights.values == [1, -1, 0, 1] && weights.scales == [0.25])
  }

  /// mean|w| = 0.5: w / s = 0.2, −1.8, 0.5 (a tie, to even) and −1.5.
  @Test func otherFloatsTakeTheAbsmean() throws {
    let weights = TernaryWeights(
      quantizing: [0.1, -0.9, 0.25, -0.75], outFeatures: 1, inFeatures: 4)
    #expect(weights.values == [0, -1, 0, -1])
    #expect(weights.scales == [0.5])
  }

  @Test func rowsOfPairsBecomeHalves() {
    // Two heads of four rows: rows 0 1 2 3 of a head are its halves' 0 2 1 3.
    var weights = TernaryWeights(
      outFeatures: 8, inFeatures: 1, values: [0, 1, -1, 0, 1, 1, -1, -1],
      scales: [0, 1, 2, 3, 4, 5, 6, 7])
    let original = weights
    weights.unpairRows(heads: 2)
    #expect(weights.scales == [0, 2, 1, 3, 4, 6, 5, 7])
    #expect(weights.values == [0, -1, 1, 0, 1, -1, 1, -1])
    weights.pairRows(heads: 2)
    #expect(weights == original)
  }

  @Test func halfPrecisionIsExactBothWays() {
    for bits in UInt16.min...UInt16.max where bits & 0x7C00 != 0x7C00 {
      let value = HalfPrecision.float(half: bits)
      #expect(HalfPrecision.half(value) == bits)
    }
    #expect(HalfPrecision.half(65520) == 0x7C00 && HalfPrecision.half(65519) == 0x7BFF)
    #expect(HalfPrecision.half(1 + 0x1p-11) == 0x3C00)  // a tie, to even
    #expect(HalfPrecision.brain(1 + 0x1p-8) == 0x3F80)  // a tie, to even
    #expect(HalfPrecision.brain(1 + 0x3p-8) == 0x3F82)
  }

  /// A Q6_K block by the description of the format: six bits, low four and high two apart.
  @Test func q6KIsRead() throws {
    var block = [UInt8](repeating: 0, count: 210)
    let codes = (0..<256).map { ($0 * 11 + 5) % 64 }
    for (j, code) in codes.enumerated() {
      let (half, quarter, l) = (j / 128, j % 128 / 32, j % 32)
      block[half * 64 + quarter % 2 * 32 + l] |= UInt8(code & 15) << (quarter < 2 ? 0 : 4)
      block[128 + half * 32 + l] |= UInt8(code >> 4) << UInt8(2 * quarter)
    }
    for s in 0..<16 { block[192 + s] = UInt8(bitPattern: Int8(s - 8)) }
    block[208] = 0x00
    block[209] = 0x38  // 0.5
    var bytes = try GGUFWriter().bytes()
    bytes[8] = 1  // one tensor
    bytes.removeLast(bytes.count - 24)
    bytes += [1, 0, 0, 0, 0, 0, 0, 0] + Array("t".utf8) + [1, 0, 0, 0]
    bytes += [0, 1, 0, 0, 0, 0, 0, 0] + [14, 0, 0, 0] + [UInt8](repeating: 0, count: 8)
    bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32) + block
    let tensor = try GGUFFile(bytes: bytes, path: "q6k.gguf").requiredTensor("t")
    let expected = codes.enumerated().map { j, code in
      0.5 * Float(j / 16 - 8) * Float(code - 32)
    }
    #expect(try tensor.floats().floats == expected)
  }
}
