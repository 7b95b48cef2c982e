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
      Examples:
        ternbench generate -p "To be, or not" -n 64
        ternbench generate -p "Romeo," -p "Juliet," -n 32 --batch 2

      At temperature 0 the likeliest token is taken: the same text with every lossless kernel, any \
      number of threads, alone or side by side, and on every machine. What the run took is printed on \
      standard error.
      """)

  @OptionGroup var model: ModelOptions

  @Option(
    name: .shortAndLong, parsing: .unconditionalSingleValue,
    help: "The text to continue; given again, each of several.")
  var prompt: [String]

  @Option(help: "Texts that are continued side by side. What is printed does not depend on it.")
  var batch = 1

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
    guard batch >= 1 else { throw ValidationError("--batch \(batch): not at least 1") }
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
      .init(tokens: batch, passes: Double(tokens)), .init(tokens: 128, passes: 1),
    ])
    guard let tokenizer = model.tokenizer else { throw self.model.missingTokenizer }
    let prompts = prompt.map { (text: $0, ids: tokenizer.encode($0)) }
    guard prompts.allSatisfy({ !$0.ids.isEmpty }) else {
      throw Failure.usage("-p: an empty prompt says nothing to continue")
    }
    let longest = prompts.map(\.ids.count).max() ?? 1
    let positions = longest + tokens
    try self.model.require(positions: positions, in: model.configuration)
    let transformer = Transformer(
      model.configuration, weights: model.weights, kernel: kernels.choice,
      limits: Transformer.Limits(
        tokens: min(128, longest), sequences: min(batch, prompts.count), positions: positions,
        memory: self.model.running.memory.kind),
      rotaryFactors: model.rotaryFactors, threads: try self.model.running.pool())
    let sampler = TokenSampler(temperature: temperature, topK: topK, topP: topP, seed: seed)

    var (generated, steps, prefillSeconds, decodeSeconds) = (0, 0, 0.0, 0.0)
    for begin in stride(from: 0, to: prompts.count, by: batch) {
      let group = prompts[begin..<min(begin + batch, prompts.count)]
      var texts = TextsInOrder(group.map(\.text), tokenizer)
      var continuation = Continuation(
        group.map(\.ids), most: tokens, ends: tokenizer.ends, sampler: sampler)
      let start = Date()
      continuation.prefill(by: transformer) { texts.append($0, to: $1) }
      let prefilled = Date()
      prefillSeconds += prefilled.timeIntervalSince(start)
      while continuation.step(by: transformer, { texts.append($0, to: $1) }) {}
      decodeSeconds += Date().timeIntervalSince(prefilled)
      texts.finish()
      generated += continuation.tokens.reduce(0) { $0 + $1.count }
      // The first token of each is the prompt's.
      steps += continuation.tokens.reduce(0) { $0 + max($1.count - 1, 0) }
    }
    let read = prompts.reduce(0) { $0 + $1.ids.count }
    Console.note(
      "\(kernels.description(of: model.configuration)): \(read) tokens of prompt at \(Self.rate(read, prefillSeconds)) tokens/s, "
        + "\(generated) generated at \(Self.rate(steps, decodeSeconds)) tokens/s")
    Console.note(
      model.loading.text(
        tokensPerSecond: steps > 0 && decodeSeconds > 0 ? Double(steps) / decodeSeconds : nil))
  }

  private static func rate(_ tokens: Int, _ seconds: Double) -> String {
    seconds > 0 ? String(format: "%.1f", Double(tokens) / seconds) : "no"
  }
}

/// Texts that grow side by side, shown as if one had been finished before the next was begun.
///
/// The first is shown as it grows; what comes of the others waits.
private struct TextsInOrder {
  private var waiting: [String]
  private var streams: [TokenStream]

  init(_ prompts: [String], _ tokenizer: Tokenizer) {
    waiting = prompts
    streams = prompts.map { _ in TokenStream(tokenizer) }
    show()
  }

  mutating func append(_ token: Int, to index: Int) {
    waiting[index] += streams[index].append(token)
    if index == 0 { show() }
  }

  /// Ends all texts with a line's end.
  mutating func finish() {
    for index in waiting.indices {
      waiting[index] += streams[index].finish() + "\n"
      Console.write(waiting[index])
    }
  }

  private mutating func show() {
    Console.write(waiting[0])
    waiting[0] = ""
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
