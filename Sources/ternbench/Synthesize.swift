import ArgumentParser
import Bench
import Decoder
import Models

/// `ternbench synthesize`.
struct Synthesize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a GGUF file of random ternary weights in a model's shape.",
    discussion: """
      Example:
        ternbench synthesize --model 2b-4t --to 2b-4t.gguf

      The same seed gives the same bytes, and the weights that ternbench decode -m SLUG makes of it. \
      The file has no tokenizer: it is for measuring, here and with other engines.
      """)

  @Option(help: ArgumentHelp("A slug of the catalogue.", valueName: "slug"))
  var model: String

  @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
  var to: String

  @Option(
    help: "How weights are stored: I2_S, or TQ1_0 or TQ2_0 where widths are multiples of 256.")
  var type = "I2_S"

  @Option(help: "The share of weights that are zero. Default: what is known of the model.")
  var zeroDensity: Double?

  @Option(help: "What weights are made from.")
  var seed: UInt64 = 1

  func validate() throws {
    guard Convert.types[type] != nil else {
      throw ValidationError("--type \(type): not I2_S, TQ1_0 or TQ2_0")
    }
    if let zeroDensity, !(0...1).contains(zeroDensity) {
      throw ValidationError("--zero-density \(zeroDensity): not between 0 and 1")
    }
  }

  func run() throws {
    let shape = try ModelShape.resolve(model)
    let configuration: Configuration
    do {
      configuration = try Configuration(shape)
    } catch {
      throw Failure.usage(error.description)
    }
    let stored = Convert.types[type] ?? .i2s
    let block = stored == .i2s ? 128 : 256
    for layer in shape.ternaryLayers {
      let whole = stored == .i2s ? layer.outFeatures * layer.inFeatures : layer.inFeatures
      guard whole.isMultiple(of: block) else {
        throw Failure.usage(
          "--type \(type): layer \(layer.name) of \(layer.outFeatures) x \(layer.inFeatures) does "
            + "not fill blocks of \(block)")
      }
    }
    let synthesis = Synthesis(
      zeroDensity: zeroDensity ?? shape.zeroPercent.map { $0 / 100 } ?? Target.unknownZeroDensity,
      seed: seed)
    try Model.file(
      synthetic: configuration, name: shape.name, from: synthesis, type: stored,
      tied: shape.tied ?? true
    ).write(to: to)
    Console.note("wrote \(to): \(configuration.layers) layers, seed \(seed)")
  }
}
