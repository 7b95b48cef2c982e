import ArgumentParser
import Bench
import Decoder
import Foundation
import MPGEMM
import Machine
import Models

/// `ternbench generate`.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continues a text with a model, token by token.",
    discussion: """
      Example:
        ternbench generate -p "To be, or not" -n 64

      At temperature 0 the likeliest token is taken: the same text with every lossless kernel, any \
      number of threads and on every machine. What the run took is printed on standard error.
      """)

  @OptionGroup var model: ModelOptions

  @Option(name: .shortAndLong, help: "The text to continue.")
  var prompt: String

  @Option(name: [.customShort("n"), .customLong("tokens")], help: "At most so many tokens.")
  var tokens = 64

  @Option(name: .customLong("temp"), help: "0: the likeliest token, always. 1: as the model says.")
  var temperature = 0.0

  @Option(help: "Only the so many likeliest tokens.")
  var topK: Int?

  @Option(help: "Only the likeliest tokens that together have this probability.")
  var topP = 1.0

  @Option(help: "What random choices are made from.")
  var seed: UInt64 = 1

  func validate() throws {
    guard tokens >= 1 else { throw ValidationError("-n \(tokens): not at least 1") }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temp \(temperature): not at least 0")
    }
    guard topP > 0, topP <= 1 else {
      throw ValidationError("--top-p \(topP): not above 0 and up to 1")
    }
    guard topK.map({ $0 >= 1 }) ?? true else {
      throw ValidationError("--top-k \(topK ?? 0): not at least 1")
    }
  }

  func run() throws {
    let (model, kernels) = try self.model.read(for: [
      .init(tokens: 1, passes: Double(tokens)), .init(tokens: 128, passes: 1),
    ])
    guard let tokenizer = model.tokenizer else { throw self.model.missingTokenizer }
    let ids = tokenizer.encode(prompt)
    guard !ids.isEmpty else { throw Failure.usage("-p: an empty prompt says nothing to continue") }
    let positions = ids.count + tokens
    try self.model.require(positions: positions, in: model.configuration)
    let transformer = Transformer(
      model.configuration, weights: model.weights, kernel: kernels.choice,
      limits: Transformer.Limits(
        tokens: min(128, ids.count), positions: positions,
        memory: self.model.running.memory.kind),
      rotaryFactors: model.rotaryFactors, threads: try self.model.running.pool())
    var sampler = TokenSampler(temperature: temperature, topK: topK, topP: topP, seed: seed)
    var stream = TokenStream(tokenizer)

    let start = Date()
    var logits = transformer.prefill(ids)
    let prefillSeconds = Date().timeIntervalSince(start)
    Console.write(prompt)
    var generated = 0
    while generated < tokens {
      let token = sampler.next(logits)
      if tokenizer.ends.contains(token) { break }
      Console.write(stream.append(token))
      generated += 1
      if generated < tokens {
        logits = transformer.decode(token, position: ids.count + generated - 1)
      }
    }
    Console.write(stream.finish() + "\n")
    let decodeSeconds = Date().timeIntervalSince(start) - prefillSeconds
    let steps = max(generated - 1, 0)
    Console.note(
      "\(kernels.description(of: model.configuration)): \(ids.count) tokens of prompt at \(Self.rate(ids.count, prefillSeconds)) tokens/s, "
        + "\(generated) generated at \(Self.rate(steps, decodeSeconds)) tokens/s")
  }

  private static func rate(_ tokens: Int, _ seconds: Double) -> String {
    seconds > 0 ? String(format: "%.1f", Double(tokens) / seconds) : "no"
  }
}

extension ModelOptions {
  /// The error of a file without a vocabulary.
  var missingTokenizer: Failure {
    Failure(
      message:
        "model file \(String(reflecting: model)): has no tokenizer, so it reads and writes no "
        + "text; ternbench logits takes token numbers",
      exitCode: Exit.data)
  }

  /// Refuses more positions than the model was made for.
  func require(positions: Int, in configuration: Configuration) throws {
    guard let context = configuration.context, positions > context else { return }
    throw Failure.usage(
      "\(positions) tokens of prompt and answer: the model was made for \(context); "
        + "shorten the prompt or ask for fewer")
  }
}

extension RunningOptions {
  /// How many threads were asked for, by commands that run once.
  func threadCount() throws -> Int {
    let counts = threads.counts(usable: Topology.read().usableThreads)
    guard counts.count == 1 else {
      throw Failure.usage("--threads: one number here, or all")
    }
    return counts[0]
  }

  /// The threads that were asked for.
  func pool() throws -> ThreadPool {
    ThreadPool(threads: try threadCount())
  }
}
