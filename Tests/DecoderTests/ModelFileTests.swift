import Decoder
import Foundation
import MPGEMM
import Models
import Testing

/// A file that is a GGUF and no model gives one error that names the part.
@Suite struct ModelFileTests {
  static let kernel = Kernel.lossless[0]

  /// A model's metadata and tensors, some of them changed.
  static func failure(_ change: (inout GGUFWriter) -> Void) throws -> ModelFileError? {
    var writer = GGUFWriter()
    writer.set("general.architecture", .text("bitnet"))
    writer.set("bitnet.embedding_length", .integer(128))
    writer.set("bitnet.feed_forward_length", .integer(128))
    writer.set("bitnet.block_count", .integer(1))
    writer.set("bitnet.attention.head_count", .integer(4))
    change(&writer)
    return try failure(of: writer)
  }

  private static func failure(of writer: GGUFWriter) throws -> ModelFileError? {
    let file = try GGUFFile(bytes: writer.bytes(), path: "model.gguf")
    do {
      _ = try Model(file, for: kernel)
      return nil
    } catch {
      return error
    }
  }

  static func addTensors(
    _ writer: inout GGUFWriter, except missing: String = "", shape: [String: [Int]] = [:]
  ) {
    let matrices = [
      "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down",
    ].map { ("blk.0.\($0).weight", TensorType.i2s) }
    let others = [("token_embd.weight", TensorType.f16)]
    for (name, type) in matrices + others where name != missing {
      let dimensions = shape[name] ?? [128, 128]
      let count = dimensions.reduce(1, *)
      writer.add(name, type: type, dimensions: dimensions) {
        type == .f16
          ? .floats(.f32([Float](repeating: 0.5, count: count)))
          : .ternary(
            TernaryWeights(
              outFeatures: dimensions[1], inFeatures: dimensions[0],
              values: [Int8](repeating: 1, count: count), scales: [1]), as: type)
      }
    }
    for name in ["blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"]
    where name != missing {
      writer.add(name, type: .f32, dimensions: [128]) {
        .floats(.f32([Float](repeating: 1, count: 128)))
      }
    }
  }

  @Test func theModelItselfIsGood() throws {
    #expect(try Self.failure { Self.addTensors(&$0) } == nil)
  }

  @Test(arguments: [
    "token_embd.weight", "blk.0.attn_q.weight", "blk.0.ffn_down.weight", "output_norm.weight",
    "blk.0.ffn_norm.weight",
  ])
  func aMissingTensorIsNamed(name: String) throws {
    let failure = try Self.failure { Self.addTensors(&$0, except: name) }
    #expect(failure?.part == "tensor \"\(name)\"" && failure?.reason == "is missing")
  }

  /// Found by fuzzing: the nearest name was written as the file has it, over two lines.
  @Test func aNameOfSeveralLinesIsWrittenInOne() throws {
    let failure = try Self.failure { writer in
      Self.addTensors(&writer, except: "blk.0.ffn_norm.weight")
      writer.add("blk\n0.ffn_norm.wei\u{1B}ght", type: .f32, dimensions: [1]) { .floats(.f32([1])) }
    }
    let text = try #require(failure?.description)
    #expect(text.contains("nearest is blk\\n0.ffn_norm.wei\\u{1B}ght"), "\(text)")
  }

  @Test func aWrongShapeIsNamed() throws {
    let failure = try Self.failure {
      Self.addTensors(&$0, shape: ["blk.0.attn_q.weight": [128, 64]])
    }
    #expect(failure?.part == "tensor \"blk.0.attn_q.weight\"")
  }

  static let hostile: [(key: String, value: GGUFValue, names: String)] = [
    ("bitnet.attention.head_count", .integer(0), "decoder"),
    ("bitnet.attention.head_count_kv", .integer(3), "decoder"),
    ("bitnet.attention.head_count_kv", .integer(0), "decoder"),
    ("bitnet.attention.key_length", .integer(7), "halves"),
    ("bitnet.rope.freq_base", .number(.nan), "freq_base"),
    ("bitnet.rope.freq_base", .number(0), "rotary"),
    ("bitnet.attention.layer_norm_rms_epsilon", .number(-1), "epsilon"),
    ("bitnet.rope.dimension_count", .integer(16), "dimension_count"),
  ]

  @Test(arguments: hostile.indices) func hostileMetadataIsNamed(index: Int) throws {
    let (key, value, names) = Self.hostile[index]
    var writer = GGUFWriter()
    let fields: [(String, GGUFValue)] = [
      ("general.architecture", .text("bitnet")), ("bitnet.embedding_length", .integer(128)),
      ("bitnet.feed_forward_length", .integer(128)), ("bitnet.block_count", .integer(1)),
      ("bitnet.attention.head_count", .integer(4)),
    ]
    for (field, good) in fields where field != key { writer.set(field, good) }
    writer.set(key, value)
    Self.addTensors(&writer)
    let failure = try Self.failure(of: writer)
    #expect("\(String(describing: failure))".contains(names), "\(String(describing: failure))")
  }

  /// An angle is a position over a factor: one near 0 would be beyond what cosines are computed of.
  @Test(arguments: [0, -1, 0.2, .nan, 0.25]) func aRotaryFactorNearZeroIsNamed(factor: Float) throws
  {
    let failure = try Self.failure { writer in
      Self.addTensors(&writer)
      writer.add("rope_freqs.weight", type: .f32, dimensions: [16]) {
        .floats(.f32([Float](repeating: 1, count: 15) + [factor]))
      }
    }
    #expect((failure == nil) == (factor == 0.25), "\(String(describing: failure))")
    if let failure { #expect(failure.part == "tensor \"rope_freqs.weight\"") }
  }

  @Test func anUnknownArchitectureIsNamed() throws {
    var writer = GGUFWriter()
    writer.set("general.architecture", .text("mamba"))
    let failure = try Self.failure(of: writer)
    #expect(failure.map { "\($0)".contains("mamba") } ?? false)
  }

  /// Packed bytes of the kernels whose layouts are file formats are what the reader reads.
  @Test func theKernelsBlocksAreTheFiles() throws {
    let weights = TernaryMatrix(outFeatures: 5, inFeatures: 512, zeroDensity: 0.4, seed: 9)
    for (layout, type) in [("tq1_0", TensorType.tq1), ("tq2_0", .tq2), ("i2s_128", .i2s)] {
      let kernel = try #require(Kernel.all.first { $0.layout == layout })
      let packed = PackedMatrix(packing: weights, for: kernel)
      var bytes = packed.bytes
      if type == .i2s { bytes += [0, 0, 0x80, 0x3F] + [UInt8](repeating: 0, count: 28) }
      var writer = GGUFWriter()
      writer.add("t", type: .f32, dimensions: [1]) { .floats(.f32([0])) }
      // The header of a file with one tensor of this type, with the kernel's bytes behind it.
      var file = Array(try writer.bytes().dropLast(32).prefix(24 + 8 + 1))
      func append(_ value: UInt64, _ size: Int) {
        file += (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
      }
      append(2, 4)
      append(512, 8)
      append(5, 8)
      append(UInt64(type.rawValue), 4)
      append(0, 8)
      file += [UInt8](repeating: 0, count: (32 - file.count % 32) % 32) + bytes
      let tensor = try GGUFFile(bytes: file, path: "kernel.gguf").requiredTensor("t")
      let read = try tensor.ternaryWeights()
      #expect(read.values == weights.values, "\(layout)")
      #expect(read.scales == [1], "\(layout)")
    }
  }
}
