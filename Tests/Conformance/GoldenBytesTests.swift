import Foundation
import MPGEMM
import Testing

/// Layouts that others define, against bytes that others packed.
@Suite struct GoldenBytesTests {
  private static let layouts = ["i2s_128", "tq1_0", "tq2_0"]

  /// A byte to write over a layout's first, and whether any weights pack to it.
  private static let illegalBytes: [(layout: String, byte: UInt8)] = [
    ("i2s_128", 0b1100_0000), ("tq1_0", 1), ("tq2_0", 0b0000_0011),
  ]

  @Test(arguments: layouts)
  func packsTheOriginalsBytes(_ layout: String) throws {
    let golden = try Golden(layout)
    for kernel in try Self.kernels(of: layout) {
      let packed = Buffer(count: golden.packed.count)
      let size = kernel.packedSize(
        outFeatures: golden.weights.outFeatures, inFeatures: golden.weights.inFeatures)
      try #require(size == golden.packed.count, "\(kernel)")
      kernel.pack(golden.weights, into: packed)
      let bytes = packed.elements(of: UInt8.self)
      let first = bytes.indices.first { bytes[$0] != golden.packed[$0] }
      #expect(
        first == nil,
        "\(kernel) byte \(first ?? 0): \(bytes[first ?? 0]), golden \(golden.packed[first ?? 0])")
    }
  }

  @Test(arguments: layouts)
  func unpacksTheOriginalsBytes(_ layout: String) throws {
    let golden = try Golden(layout)
    for kernel in try Self.kernels(of: layout) {
      let unpacked = Self.unpack(golden, with: kernel)
      let first = unpacked.indices.first { unpacked[$0] != golden.weights.values[$0] }
      #expect(first == nil, "\(kernel) weight \(first ?? 0): \(unpacked[first ?? 0])")
    }
  }

  /// A code that no weight packs to is marked, and its neighbours are still read.
  @Test(arguments: illegalBytes)
  func marksIllegalCodes(_ layout: String, _ byte: UInt8) throws {
    var golden = try Golden(layout)
    golden.packed[0] = byte
    for kernel in try Self.kernels(of: layout) {
      let unpacked = Self.unpack(golden, with: kernel)
      #expect(unpacked[0] == 2, "\(kernel): \(unpacked[0])")
      #expect(unpacked[1] == golden.weights.values[1], "\(kernel): \(unpacked[1])")
    }
  }

  private static func kernels(of layout: String) throws -> [Kernel] {
    let kernels = Kernel.all.filter { $0.layout == layout }
    try #require(!kernels.isEmpty, "no kernel has layout \(layout)")
    return kernels
  }

  private static func unpack(_ golden: Golden, with kernel: Kernel) -> [Int8] {
    let packed = Buffer(
      count: golden.packed.count, placement: .guarded, alignment: kernel.packedAlignment)
    packed.store(golden.packed)
    return kernel.unpack(
      packed, outFeatures: golden.weights.outFeatures, inFeatures: golden.weights.inFeatures)
  }
}

/// A pair of fixtures: weights, and the bytes that another packer made of them.
private struct Golden {
  let weights: TernaryMatrix
  var packed: [UInt8]

  init(_ layout: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    packed = [UInt8](try Data(contentsOf: folder.appending(path: "\(layout).packed")))
    let text = try String(
      contentsOf: folder.appending(path: "\(layout).weights"), encoding: .utf8)
    let rows = text.split(separator: "\n")
    let first = try #require(rows.first)
    try #require(rows.allSatisfy { $0.count == first.count })
    let values: [Int8] = try rows.joined().map { character in
      switch character {
      case "-": -1
      case "0": 0
      case "+": 1
      default: throw CocoaError(.fileReadCorruptFile)
      }
    }
    weights = TernaryMatrix(outFeatures: rows.count, inFeatures: first.count, values: values)
  }
}
