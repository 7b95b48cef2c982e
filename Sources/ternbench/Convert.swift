import ArgumentParser
import Decoder
import Models

/// `ternbench convert`.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model as a GGUF file, from a Hugging Face folder or another GGUF file.",
    discussion: """
      Example:
        ternbench convert -m bitnet-b1.58-2B-4T --to 2b-4t.gguf

      Packed weights keep their values and scales; floats are quantized by their absmean. The \
      tokenizer comes along. The file appears under its name when it is whole.
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A GGUF file, or a Hugging Face folder.", valueName: "file"))
  var model: String

  @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
  var to: String

  @Option(
    help: "How weights are stored: I2_S, or TQ1_0 or TQ2_0 where widths are multiples of 256.")
  var type = "I2_S"

  @Option(help: "How embedding and head are stored: F16, BF16 or F32.")
  var rows = "F16"

  @Option(help: "Instead of the feed-forward activation that the model means: relu2 or silu.")
  var activation: ActivationArgument?

  @Option(
    name: .customLong("i2s-block"),
    help: "How many weights an I2_S block of the model holds: 128 as packed on x86, 64 on ARM.")
  var i2sBlock = 128

  /// What ternary weights are stored as.
  static let types: [String: TensorType] = ["I2_S": .i2s, "TQ1_0": .tq1, "TQ2_0": .tq2]
  private static let rowTypes: [String: TensorType] = ["F16": .f16, "BF16": .bf16, "F32": .f32]

  func run() throws {
    guard let type = Self.types[type] else {
      throw Failure.usage("--type \(type): not I2_S, TQ1_0 or TQ2_0")
    }
    guard let rows = Self.rowTypes[rows] else {
      throw Failure.usage("--rows \(rows): not F16, BF16 or F32")
    }
    guard let block = I2SBlock(rawValue: i2sBlock) else {
      throw Failure.usage("--i2s-block \(i2sBlock): neither 128 nor 64")
    }
    var options = Model.Options()
    options.gate = activation?.activation
    options.i2sBlock = block
    try Model.file(converting: model, options: options, type: type, rows: rows).write(to: to)
    Console.note("wrote \(to)")
  }
}
