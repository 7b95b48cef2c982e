import ArgumentParser
import Bench
import Decoder
import MPGEMM
import Models

/// The options that choose a model's file and how it is run, the same for every command that reads one.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "A GGUF file of ternary weights, a Hugging Face folder, or the model in the program.",
      valueName: "file or slug"))
  var model = EmbeddedModel.slug

  @OptionGroup var running: RunningOptions

  @Option(
    help: """
      Instead of the feed-forward activation that the file means: relu2 or silu. A file of 2B4T with \
      the architecture bitnet needs relu2.
      """)
  var activation: ActivationArgument?

  @Option(
    name: .customLong("i2s-block"),
    help: "How many weights an I2_S block of the file holds: 128 as packed on x86, 64 on ARM.")
  var i2sBlock = 128

  func validate() throws {
    guard I2SBlock(rawValue: i2sBlock) != nil else {
      throw ValidationError("--i2s-block \(i2sBlock): neither 128 nor 64")
    }
  }

  /// Reads the model for the chosen kernels.
  ///
  /// - Parameter loads: What will be run.
  /// - Returns: The model, packed for the kernels.
  /// - Throws: `Failure` for an option, `ModelFileError` for a file.
  func read(for loads: [TunedKernels.Load]) throws -> (model: Model, kernels: ChosenKernels) {
    let kernels = try running.chosenKernels(for: loads, threads: running.threadCount())
    var options = Model.Options()
    options.head = running.head?.kind
    options.gate = activation?.activation
    options.mapsWeights = !running.copyWeights
    options.i2sBlock = I2SBlock(rawValue: i2sBlock) ?? .x86
    return (try Model(named: model, for: kernels.choice, options: options), kernels)
  }
}

extension Model {
  /// Reads the model that is part of the program where the name is its slug, and a file or folder elsewhere.
  init(named name: String, for kernel: any KernelChoice, options: Options) throws {
    if name == EmbeddedModel.slug {
      guard options.i2sBlock == .x86 else {
        throw Failure.usage("--i2s-block: the blocks of \(name), which is in the program, hold 128")
      }
      try self.init(EmbeddedModel.file, for: kernel, options: options)
    } else {
      try self.init(path: name, for: kernel, options: options)
    }
  }
}

/// The options that choose how a model is run.
struct RunningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The kernel of every linear layer.",
      discussion: """
        auto: by layer type and number of tokens what ternbench tune has found fastest here, else \
        trit5 by lookups where this CPU has them, and the most demanding kernel of planar2 elsewhere.
        """,
      valueName: "name"))
  var kernel = "auto"

  @Option(help: "Threads; all: every processor there is.")
  var threads = ThreadList([nil])

  @Option(
    help: "How keys and values are remembered: f16, f32, or int8 with a scale a head and position.")
  var memory = MemoryArgument(.f16)

  @Option(
    help: "How embedding and head are kept: f32, f16, bf16, int8 or q6_k. Default: as in the file.")
  var head: HeadArgument?

  @Flag(
    name: .customLong("copy-weights"),
    help: "Packs all weights anew, those too that lie in the kernel's layout in the file.")
  var copyWeights = false

  /// The kernel of that name, or the one that `auto` stands for.
  func chosenKernel() throws -> Kernel {
    if kernel == "auto" { return try Self.automatic() }
    guard let named = Kernel.all.first(where: { $0.name == kernel }) else {
      let nearest = nearestName(to: kernel, in: Kernel.all.map(\.name))
      let remedy = nearest.map { "; the nearest is \($0)" } ?? ""
      throw Failure.usage(
        "--kernel \(kernel): no such kernel\(remedy); see ternbench list kernels")
    }
    guard named.isRunnable else {
      throw Failure(
        message: "--kernel \(kernel): needs \(named.missingISA.names.joined(separator: ", ")), "
          + "which this CPU lacks; see ternbench list kernels",
        exitCode: Exit.nothingToRun)
    }
    guard named.activation != .int4, named.weights == .ternary else {
      throw Failure.usage(
        "--kernel \(kernel): a decoder needs ternary weights and int8 or float activations")
    }
    return named
  }

  /// The most demanding kernel of the layout that serves this CPU best.
  ///
  /// At one token a layout's weights stream as fast as memory gives them, so that 1.6 bits beat 2, as
  /// long as the CPU takes them apart in that time; at many tokens both multiply at the peak of its dot
  /// products. See `kernels/trit5/README.md` and `kernels/planar2/README.md`.
  private static func automatic() throws -> Kernel {
    let candidates = Kernel.all.filter { $0.isRunnable && $0.isLossless }
    let lookups = candidates.filter { $0.layout == "trit5_lut_16" && !$0.requiredISA.isEmpty }
    let planes = candidates.filter { $0.family == "planar2" }
    guard
      let best = (lookups.isEmpty ? planes : lookups)
        .max(by: { $0.requiredISA.rawValue < $1.requiredISA.rawValue })
    else {
      throw Failure(
        message: "--kernel auto: this CPU runs no kernel of planar2; name one of "
          + "ternbench list kernels",
        exitCode: Exit.nothingToRun)
    }
    return best
  }
}

/// How keys and values are remembered, on the command line.
struct MemoryArgument: ExpressibleByArgument {
  let kind: KeyValueMemory.Kind

  init(_ kind: KeyValueMemory.Kind) {
    self.kind = kind
  }

  init?(argument: String) {
    guard let kind = KeyValueMemory.Kind(rawValue: argument) else { return nil }
    self.kind = kind
  }

  var defaultValueDescription: String { kind.rawValue }
}

/// How a head is kept, on the command line.
struct HeadArgument: ExpressibleByArgument {
  let kind: HeadMatrix.Kind

  init(_ kind: HeadMatrix.Kind) {
    self.kind = kind
  }

  var defaultValueDescription: String { kind.rawValue }

  init?(argument: String) {
    guard let kind = HeadMatrix.Kind(rawValue: argument) else { return nil }
    self.kind = kind
  }
}

/// An activation on the command line.
struct ActivationArgument: ExpressibleByArgument {
  let activation: Configuration.Activation

  init?(argument: String) {
    guard let activation = Configuration.Activation(rawValue: argument) else { return nil }
    self.activation = activation
  }
}
