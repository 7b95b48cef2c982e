import ArgumentParser
import MPGEMM
import Models

/// `ternbench list`.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists kernels, models, layer shapes or the memory that models take.",
    discussion: """
      Examples:
        ternbench list kernels --kernel '^tl' --format md
        ternbench list memory --head int8 --memory int8

      memory: linear weights as a kernel packs them, head, and keys and values at contexts of 2048 and \
      4096, in 1e9 bytes, beside what the papers print.

      Kernels take any shape with M, N and K from 1 on: none has limits.
      """)

  enum Subject: String, ExpressibleByArgument, CaseIterable {
    case kernels, models, shapes, memory
  }

  @Argument(help: "What to list: kernels, models, shapes or memory.")
  var subject: Subject

  @OptionGroup var selection: KernelSelection

  @Option(help: "Of memory, how head and embedding are kept: f32, f16, bf16, int8 or q6_k.")
  var head = HeadArgument(.f16)

  @Option(help: "Of memory, how keys and values are remembered: f16, f32 or int8.")
  var memory = MemoryArgument(.f16)

  @Option(help: "How to write it: table, md, csv or json.")
  var format: Listing.Format = .table

  func run() throws {
    let listing =
      switch subject {
      case .kernels: try Self.kernels(selection.kernels())
      case .models: Self.models()
      case .shapes: Self.shapes()
      case .memory:
        Self.memory(
          selection.kernel == nil ? Self.decoding(Kernel.all) : try selection.kernels(),
          head: head.kind, memory: memory.kind)
      }
    Console.print(try listing.text(format))
  }

  private static func kernels(_ kernels: [Kernel]) -> Listing {
    var listing = Listing([
      "kernel", "family", "layout", "bits_per_weight", "lossless", "tolerance", "activations",
      "isa", "runs_here", "shape_limits", "summary",
    ])
    for kernel in kernels {
      listing.add([
        .text(kernel.name), .text(kernel.family), .text(kernel.layout),
        .number(kernel.bitsPerWeight), .flag(kernel.isLossless), .number(kernel.tolerance),
        .text("\(kernel.activation)"),
        .text(
          kernel.requiredISA.isEmpty ? "any" : kernel.requiredISA.names.joined(separator: " ")),
        .text(
          kernel.isRunnable
            ? "yes" : "no: lacks \(kernel.missingISA.names.joined(separator: " "))"),
        .text("none"), .text(kernel.summary),
      ])
    }
    return listing
  }

  private static func models() -> Listing {
    var listing = Listing([
      "model", "name", "weights", "hidden", "ffn", "layers", "heads", "kv_heads", "head_dim",
      "vocab", "ternary_weights_per_token", "zero_percent", "source", "confidence",
    ])
    for model in ModelCatalogue.all {
      listing.add([
        .text(model.slug), .text(model.name), .text(model.weights.rawValue),
        .number(model.hidden), .number(model.ffn), .number(model.layers), .number(model.heads),
        .number(model.kvHeads), .number(model.headDim), .number(model.vocab),
        .number(model.ternaryWeightsPerToken), .number(model.zeroPercent), .text(model.source),
        model.confidence.map { .text($0) } ?? .missing,
      ])
    }
    return listing
  }

  private static func shapes() -> Listing {
    var listing = Listing(["out_features", "in_features", "weights", "used_by"])
    for shape in ModelCatalogue.ternaryShapes {
      listing.add([
        .number(shape.outFeatures), .number(shape.inFeatures),
        .number(shape.outFeatures * shape.inFeatures),
        .text(shape.uses.map { "\($0.model):\($0.layer)" }.joined(separator: " ")),
      ])
    }
    return listing
  }
}
