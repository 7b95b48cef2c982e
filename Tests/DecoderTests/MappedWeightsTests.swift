import Decoder
import Foundation
import MPGEMM
import Models
import Testing

/// Weights that lie in a kernel's layout in a file are multiplied there, and give what a packed copy gives.
@Suite struct MappedWeightsTests {
  /// The widths are whole blocks of every type, their scales powers of two, and so exact in a half.
  static let whole = configuration(ffn: 1024)

  static func configuration(ffn: Int, hidden: Int = 256, hasSubNorms: Bool = true) -> Configuration
  {
    Configuration(
      hidden: hidden, ffn: ffn, layers: 2, heads: 4, kvHeads: 2, headDim: hidden / 4,
      vocabulary: 50, gate: .relu2, hasSubNorms: hasSubNorms)
  }

  static func file(_ configuration: Configuration, _ type: TensorType) throws -> [UInt8] {
    try Model.file(
      synthetic: configuration, name: "m", from: Synthesis(zeroDensity: 0.4, seed: 3), type: type,
      tied: true
    ).bytes()
  }

  static func model(_ bytes: [UInt8], _ kernel: Kernel, mapped: Bool) throws(ModelFileError)
    -> Model
  {
    var options = Model.Options()
    options.mapsWeights = mapped
    return try Model(GGUFFile(bytes: bytes, path: "model.gguf"), for: kernel, options: options)
  }

  static func failure(_ bytes: [UInt8], _ kernel: Kernel, mapped: Bool) -> ModelFileError? {
    do {
      _ = try model(bytes, kernel, mapped: mapped)
      return nil
    } catch {
      return error
    }
  }

  /// The logits behind a prompt of several tokens and a step.
  static func logits(_ model: Model, _ kernel: Kernel) -> [[Float]] {
    let transformer = Transformer(
      model.configuration, weights: model.weights, kernel: kernel,
      limits: Transformer.Limits(positions: 8), threads: ThreadPool(threads: 2))
    return [transformer.prefill([3, 1, 4, 1, 5, 9, 2]), transformer.decode(6, position: 7)]
  }

  static let layouts: [(layout: String, type: TensorType)] = [
    ("i2s_128", .i2s), ("tq1_0", .tq1), ("tq2_0", .tq2),
  ]

  static func kernels(_ layout: String) -> [Kernel] {
    Kernel.all.filter { $0.layout == layout && $0.isRunnable }
  }

  @Test(arguments: layouts.indices) func mappedWeightsGiveTheBitsOfPackedOnes(index: Int) throws {
    let (layout, type) = Self.layouts[index]
    let bytes = try Self.file(Self.whole, type)
    let kernels = Self.kernels(layout)
    #expect(!kernels.isEmpty)
    for kernel in kernels {
      let mapped = try Self.model(bytes, kernel, mapped: true)
      let packed = try Self.model(bytes, kernel, mapped: false)
      #expect(
        mapped.weights.layers.allSatisfy { $0.matrices.allSatisfy(\.isBorrowed) }, "\(kernel)")
      #expect(!packed.weights.layers.contains { $0.matrices.contains(where: \.isBorrowed) })
      #expect(Self.logits(mapped, kernel) == Self.logits(packed, kernel), "\(kernel)")
      // What was packed or mapped is all there is, and nothing is both.
      #expect(mapped.loading.mappedBytes == mapped.weights.ternaryBytes)
      #expect(mapped.loading.packedBytes == 0 && mapped.loading.packSeconds == 0)
      #expect(packed.loading.packedBytes == packed.weights.ternaryBytes)
      #expect(packed.loading.mappedBytes == 0 && packed.loading.packSeconds > 0)
      if type == .i2s {
        for (a, b) in zip(mapped.weights.layers, packed.weights.layers) {
          #expect(a.matrices.map(\.bytes) == b.matrices.map(\.bytes))
        }
      }
    }
  }

  /// A block's scale is multiplied in before blocks are summed, and a tensor's behind: a bit of float32 apart.
  @Test func scalesWithinBlocksAreWithinRounding() throws {
    let bytes = try Self.file(Self.configuration(ffn: 768), .tq2)
    let kernel = try #require(Self.kernels("tq2_0").first)
    let mapped = Self.logits(try Self.model(bytes, kernel, mapped: true), kernel).joined()
    let packed = Self.logits(try Self.model(bytes, kernel, mapped: false), kernel).joined()
    let range = (packed.max() ?? 0) - (packed.min() ?? 0)
    let error = zip(mapped, packed).map { abs($0 - $1) }.max() ?? .infinity
    #expect(error > 0 && error <= AgreementTests.tolerance * range, "\(error) of \(range)")
  }

  /// Of I2_S, rows of 160 are no whole blocks: down is packed, the others are not.
  @Test func whatIsNoLayoutIsPacked() throws {
    let bytes = try Self.file(Self.configuration(ffn: 160, hidden: 128), .i2s)
    let kernel = try #require(Self.kernels("i2s_128").first)
    let model = try Self.model(bytes, kernel, mapped: true)
    for layer in model.weights.layers {
      #expect(
        layer.matrices.map(\.isBorrowed) == [true, true, true, true, true, true, false])
    }
    #expect(
      model.loading.mappedBytes + model.loading.packedBytes == model.weights.ternaryBytes)
    let packed = try Self.model(bytes, kernel, mapped: false)
    #expect(Self.logits(model, kernel) == Self.logits(packed, kernel))
  }

  /// llama.cpp has the rows of q and k of `llama` in another order.
  @Test func rowsInAnotherOrderArePacked() throws {
    let bytes = try Self.file(Self.configuration(ffn: 512, hasSubNorms: false), .i2s)
    let kernel = try #require(Self.kernels("i2s_128").first)
    let model = try Self.model(bytes, kernel, mapped: true)
    #expect(
      model.weights.layers[0].matrices.map(\.isBorrowed)
        == [false, false, true, true, true, true, true])
    let packed = try Self.model(bytes, kernel, mapped: false)
    #expect(Self.logits(model, kernel) == Self.logits(packed, kernel))
  }

  @Test func anotherLayoutIsPacked() throws {
    let bytes = try Self.file(Self.whole, .i2s)
    for kernel in Kernel.lossless where kernel.layout != "i2s_128" {
      let model = try Self.model(bytes, kernel, mapped: true)
      #expect(model.loading.mappedBytes == 0, "\(kernel)")
    }
    var options = Model.Options()
    options.i2sBlock = .arm
    let kernel = try #require(Self.kernels("i2s_128").first)
    let model = try Model(
      GGUFFile(bytes: bytes, path: "model.gguf"), for: kernel, options: options)
    #expect(model.loading.mappedBytes == 0)
  }

  /// A file may ask for tensors at multiples of 8, where kernels need 32.
  @Test func bytesOffTheAlignmentArePacked() throws {
    let kernel = try #require(Self.kernels("i2s_128").first)
    /// A file whose header has a name of that length, and where its data begins.
    func file(_ length: Int) throws -> (bytes: [UInt8], data: Int) {
      var writer = Model.file(
        synthetic: Self.whole, name: "m", from: Synthesis(), type: .i2s, tied: true)
      writer.set("general.alignment", .integer(8))
      writer.set("padding", .text(String(repeating: "x", count: length)))
      let bytes = try writer.bytes()
      let tensors = try GGUFFile(bytes: bytes, path: "model.gguf").tensors
      return (bytes, bytes.count - tensors.reduce(0) { $0 + ($1.byteCount + 31) / 32 * 32 })
    }
    // A letter more takes another 32 bytes where the header has just ended at a multiple of 32.
    let begin = try file(0).data
    let length = try #require(try (1...32).first { try file($0).data > begin })
    let (bytes, data) = try file(length)
    // Now the header ends 31 bytes before its data; 24 of these are not needed at multiples of 8.
    let moved = Array(bytes[..<(data - 24)] + bytes[data...])
    let model = try Self.model(moved, kernel, mapped: true)
    #expect(model.loading.mappedBytes == 0)
    let aligned = try Self.model(Self.file(Self.whole, .i2s), kernel, mapped: true)
    #expect(aligned.loading.mappedBytes > 0)
    let copied = try Self.model(moved, kernel, mapped: false)
    #expect(Self.logits(model, kernel) == Self.logits(copied, kernel))
  }

  /// The model keeps its file's memory, whatever becomes of the path and of the objects that opened it.
  @Test func weightsOutliveTheirFile() throws {
    let kernel = try #require(Self.kernels("i2s_128").first)
    let bytes = try Self.file(Self.whole, .i2s)
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("ternbench-\(UUID().uuidString).gguf").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let model = try Model(path: path, for: kernel)
    try FileManager.default.removeItem(atPath: path)
    #expect(model.loading.mappedBytes == model.weights.ternaryBytes)
    let packed = try Self.model(bytes, kernel, mapped: false)
    #expect(Self.logits(model, kernel) == Self.logits(packed, kernel))
  }

  @Test func theModelInTheProgramIsMapped() throws {
    let kernel = try #require(Self.kernels("i2s_128").first)
    let model = try Model(EmbeddedModel.file, for: kernel)
    // All but down, whose rows of 672 are no whole blocks.
    #expect(model.loading.mappedBytes > model.loading.packedBytes)
    #expect(model.weights.layers.allSatisfy { $0.matrices.count(where: \.isBorrowed) == 6 })
  }

  static let damages: [(type: TensorType, name: String, at: Int, bytes: [UInt8], says: String)] = [
    (.i2s, "blk.1.attn_v.weight", 700, [0x0C], "code 3"),
    (.i2s, "blk.0.ffn_up.weight", 256 * 1024 / 4, [0, 0, 0xC0, 0x7F], "scale nan"),
    (.i2s, "blk.0.ffn_up.weight", 256 * 1024 / 4, [0, 0, 0x80, 0xBF], "scale -1"),
    (.tq2, "blk.0.attn_q.weight", 5, [0x0C], "code 3 in row 0"),
    (.tq2, "blk.0.attn_q.weight", 66 * 2 + 64, [0xFF, 0x7F], "scale in row 2"),
    (.tq2, "blk.1.ffn_down.weight", 66 * 5 + 64, [0x00, 0x3C], "different scales in row 1"),
    (.tq1, "blk.1.ffn_down.weight", 54 * 4 + 52, [0xFF, 0x7F], "scale in row 1"),
  ]

  /// What a packed copy is refused for, mapped weights are, in the same words.
  @Test(arguments: damages.indices) func whatIsNoWeightIsRefusedWhereItLies(index: Int) throws {
    let damage = Self.damages[index]
    var bytes = try Self.file(Self.whole, damage.type)
    let file = try GGUFFile(bytes: bytes, path: "model.gguf")
    let tensors = file.tensors.map { ($0.name, ($0.byteCount + 31) / 32 * 32) }
    let data = bytes.count - tensors.reduce(0) { $0 + $1.1 }
    let start = tensors.prefix { $0.0 != damage.name }.reduce(data) { $0 + $1.1 } + damage.at
    bytes.replaceSubrange(start..<start + damage.bytes.count, with: damage.bytes)
    let layout = try #require(Self.layouts.first { $0.type == damage.type }).layout
    let kernel = try #require(Self.kernels(layout).first)
    let failure = try #require(Self.failure(bytes, kernel, mapped: true))
    #expect(failure == Self.failure(bytes, kernel, mapped: false))
    #expect(failure.part == "tensor \"\(damage.name)\"" && failure.category == .invalid)
    #expect(failure.reason.contains(damage.says), "\(failure)")
  }
}
