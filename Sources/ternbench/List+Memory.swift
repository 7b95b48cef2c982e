import Decoder
import MPGEMM
import Models

extension List {
  /// Every model's memory beside what papers print of it: a row for each layout of the chosen kernels.
  static func memory(
    _ kernels: [Kernel], head: HeadMatrix.Kind, memory: KeyValueMemory.Kind
  ) -> Listing {
    var listing = Listing([
      "model", "layout", "bits_per_weight", "weights_gb", "head", "head_gb", "embedding_gb",
      "memory", "kv_2k_gb", "kv_4k_gb", "total_4k_gb", "paper_gb", "paper_counts", "paper_source",
    ])
    var layouts: Set<String> = []
    let distinct = kernels.filter { $0.weights == .ternary && layouts.insert($0.layout).inserted }
    for model in ModelCatalogue.all {
      let paper = PaperMemory.all.first { $0.model == model.slug }
      let isTernary = model.weights != .unquantized
      for kernel in isTernary ? distinct : Array(distinct.prefix(1)) {
        let bytes = ModelMemory(model, kernel: kernel, head: head, memory: memory)
        let weights = model.linearLayers.filter { $0.name != "lm_head" }
          .reduce(0) { $0 + $1.weightsPerToken }
        listing.add([
          .text(model.slug), .text(isTernary ? kernel.layout : "16 bits"),
          .number(8 * Double(bytes.weightBytes) / Double(weights)), gigabytes(bytes.weightBytes),
          .text(head.rawValue), gigabytes(bytes.headBytes), gigabytes(bytes.embeddingBytes),
          .text(memory.rawValue), gigabytes(2048 * bytes.positionBytes),
          gigabytes(4096 * bytes.positionBytes), gigabytes(bytes.totalBytes(positions: 4096)),
          paper.map { .digits($0.gigabytes) } ?? .missing,
          paper.map { .text($0.counts) } ?? .missing, paper.map { .text($0.source) } ?? .missing,
        ])
      }
    }
    return listing
  }

  /// 1 GB = 1e9 bytes, as the papers count.
  private static func gigabytes(_ bytes: Int?) -> Listing.Cell {
    .number(bytes.map { Double($0) / 1e9 })
  }

  /// The kernels that `memory` speaks of where none are chosen: two bits a weight, which `decode` packs on any CPU.
  static func decoding(_ kernels: [Kernel]) -> [Kernel] {
    kernels.filter { $0.family == "planar2" && $0.requiredISA.isEmpty }
  }
}
