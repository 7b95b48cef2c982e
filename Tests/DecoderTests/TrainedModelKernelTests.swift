import Decoder
import MPGEMM
import Testing

/// The trained model gives the same bits with every lossless kernel, however it is run, on every machine.
@Suite struct TrainedModelKernelTests {
  let model: TrainedModel

  init() throws {
    model = try TrainedModel.golden.get()
  }

  /// What every machine that has run these tests gives, x86 and ARM: a change here is a change of results.
  enum Golden {
    /// Of the bits of all logits behind the reference's tokens.
    static let logits: UInt64 = 0xB26C_A286_6868_3E53
    /// The same with keys and values in halves, as commands run.
    static let logitsOfHalves: UInt64 = 0x5F45_7995_162E_8AEF
    /// The same with keys and values in int8.
    static let logitsOfCodes: UInt64 = 0x6D7F_7ACC_54E9_BF76
    /// With keys and values in halves and a head of Q6_K.
    static let logitsOfBlocks: UInt64 = 0x4D80_29BF_A8C9_2A48
    /// Of the tokens that continue 64 and the first 8 of 64 places in the held-out text.
    static let text: UInt64 = 0xC73F_E6DB_80DE_1B62
    static let beginOfText: UInt64 = 0x2021_6956_DDF3_24D8
  }

  static let prompts = 64
  static let promptTokens = 8
  static let newTokens = 8
  /// Sequences side by side; the prompts that are continued in every way.
  static let batch = 8

  /// FNV-1a of 64 bits over words of 32, lowest byte first.
  static func hash(_ words: some Sequence<UInt32>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for word in words {
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        hash = (hash ^ UInt64(word >> shift & 255)) &* 0x100_0000_01B3
      }
    }
    return hash
  }

  static func hash(_ logits: [[Float]]) -> UInt64 { hash(logits.joined().map(\.bitPattern)) }
  static func hash(_ texts: [[Int]]) -> UInt64 { hash(texts.joined().map { UInt32($0) }) }

  @Test func theHashIsFNV1a() {
    // Of nothing, and of "foob".
    #expect(Self.hash([UInt32]()) == 0xCBF2_9CE4_8422_2325)
    #expect(Self.hash([0x626F_6F66]) == 0xDD12_0E79_0C25_12AF)
  }

  @Test func everyISAGivesTheGoldenLogits() throws {
    let kernel = Kernel.lossless[0]
    let packed = try model.packed(kernel)
    for operations in DecoderOperations.all
    where ISA.current.isSuperset(of: operations.requiredISA) {
      for (memory, golden) in [
        (KeyValueMemory.Kind.f32, Golden.logits), (.f16, Golden.logitsOfHalves),
        (.int8, Golden.logitsOfCodes),
      ] {
        let hash = Self.hash(
          model.logits(model.decoder(packed, kernel, memory: memory, operations: operations)))
        #expect(hash == golden, "\(operations.name), \(memory): 0x\(String(hash, radix: 16))")
      }
      let blocks = try model.packed(kernel, head: .q6k)
      let hash = Self.hash(model.logits(model.decoder(blocks, kernel, operations: operations)))
      #expect(
        hash == Golden.logitsOfBlocks, "\(operations.name), Q6_K: 0x\(String(hash, radix: 16))")
    }
  }

  @Test(arguments: Kernel.lossless) func aLosslessKernelGivesTheGoldenBits(kernel: Kernel) throws {
    let packed = try model.packed(kernel)
    let alone = model.decoder(packed, kernel)
    let logits = Self.hash(model.logits(alone))
    #expect(logits == Golden.logitsOfHalves, "\(kernel): 0x\(String(logits, radix: 16))")

    let prompts = model.prompts(Self.prompts, of: Self.promptTokens)
    let first = Array(prompts.prefix(Self.batch))
    for (threads, batch) in [(1, 1), (1, Self.batch), (2, 1), (2, Self.batch)] {
      let decoder = model.decoder(packed, kernel, threads: threads, sequences: batch)
      let text = Self.hash(model.greedy(first, count: Self.newTokens, by: decoder))
      #expect(
        text == Golden.beginOfText,
        "\(kernel), \(threads) threads, batch \(batch): 0x\(String(text, radix: 16))")
    }
    guard !TrainedModel.isReduced else { return }
    let decoder = model.decoder(packed, kernel, threads: 2, sequences: Self.batch)
    let text = Self.hash(model.greedy(prompts, count: Self.newTokens, by: decoder))
    #expect(text == Golden.text, "\(kernel): 0x\(String(text, radix: 16))")
    let kernels = [kernel, Kernel.lossless[0]]
    let perplexities = try kernels.map {
      try model.perplexity(windows: 1, by: model.decoder(model.packed($0), $0))
    }
    #expect(perplexities[0] == perplexities[1], "\(kernel)")
  }

  /// Keys, values and head of few bits move perplexity by less than a percent.
  @Test func narrowMemoryAndHeadPredictAlmostAsWell() throws {
    let kernel = Kernel.lossless[0]
    let wide = try model.perplexity(windows: 1, by: model.decoder(model.packed(kernel), kernel))
    for (head, memory) in [(HeadMatrix.Kind.f16, KeyValueMemory.Kind.int8), (.q6k, .f16)] {
      let decoder = model.decoder(try model.packed(kernel, head: head), kernel, memory: memory)
      let perplexity = try model.perplexity(windows: 1, by: decoder)
      #expect(
        perplexity != wide && abs(perplexity / wide - 1) < 0.01, "\(head), \(memory): \(perplexity)"
      )
    }
  }

  /// Tables of eight bits and float activations move logits, and perplexity by less than a percent.
  @Test func lossyKernelsPredictAlmostAsWell() throws {
    let exact = Kernel.lossless[0]
    let windows = TrainedModel.isReduced ? 1 : 4
    let expected = try model.perplexity(
      windows: windows, by: model.decoder(model.packed(exact), exact))
    let lossy = Kernel.all.filter {
      $0.isRunnable && !$0.isLossless && $0.activation != .int4 && $0.weights == .ternary
    }
    #expect(!lossy.isEmpty)
    for kernel in lossy {
      let perplexity = try model.perplexity(
        windows: windows, by: model.decoder(model.packed(kernel), kernel))
      #expect(abs(perplexity / expected - 1) < 0.01, "\(kernel): \(perplexity), not \(expected)")
    }
  }
}
