import Decoder
import Foundation
import MPGEMM
import Models
import Testing

/// What is said of a model's memory is what the model takes, and what the papers print.
@Suite struct ModelMemoryTests {
  static let shape = """
    schema = 1
    name = "Memory"
    hidden = 256
    ffn = 320
    layers = 3
    heads = 4
    kv_heads = 2
    vocab = 500
    gated = true
    tied = false
    """

  @Test func itIsWhatAModelTakes() throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "ternbench-\(UUID().uuidString).toml")
    try Data(Self.shape.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let shape = try ModelShape(tomlFile: file.path)
    let configuration = try Configuration(shape)
    for kernel in [Kernel.lossless[0], Kernel.lossless[Kernel.lossless.count - 1]] {
      for head in HeadMatrix.Kind.allCases {
        let model = Model(
          synthetic: configuration, for: kernel, head: head, tied: false, from: Synthesis())
        for memory in KeyValueMemory.Kind.allCases {
          let said = ModelMemory(shape, kernel: kernel, head: head, memory: memory)
          #expect(said.weightBytes == model.weights.ternaryBytes)
          #expect(said.headBytes == model.weights.head.byteCount, "\(head)")
          #expect(said.embeddingBytes == model.weights.embedding.byteCount)
          let transformer = Transformer(
            configuration, weights: model.weights, kernel: kernel,
            limits: Transformer.Limits(tokens: 1, positions: 64, memory: memory),
            threads: ThreadPool(threads: 1))
          #expect(64 * said.positionBytes == transformer.memoryBytes, "\(memory)")
          #expect(
            said.totalBytes(positions: 64)
              == said.weightBytes + model.weights.otherBytes + transformer.memoryBytes)
        }
      }
    }
  }

  /// The papers' weights without embeddings, at 1.6 bits where they are ternary.
  @Test func linearWeightsAreThePapers() throws {
    let kernel = try #require(Kernel.all.min { $0.bitsPerWeight < $1.bitsPerWeight })
    let figures = PaperMemory.all.filter { $0.counts == "linear weights" }
    #expect(figures.count == 6 && PaperMemory.all.count == 9)
    for figure in figures {
      let shape = try ModelCatalogue.model(slug: figure.model)
      let memory = ModelMemory(shape, kernel: kernel, head: .f16, memory: .f16)
      let printed = try #require(Double(figure.gigabytes))
      // Printed to a digit or two, and once cut off instead of rounded.
      #expect(
        abs(Double(memory.weightBytes) / 1e9 - printed) < 0.09, "\(figure.model): \(memory)")
    }
  }

  @Test func everyFigureIsOfAModelAndANumber() throws {
    for figure in PaperMemory.all {
      _ = try ModelCatalogue.model(slug: figure.model)
      #expect(Double(figure.gigabytes) != nil && figure.source.contains("arXiv"))
    }
  }
}
