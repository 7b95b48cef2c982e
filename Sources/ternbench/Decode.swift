import ArgumentParser
import Bench
import Decoder
import Foundation
import MPGEMM
import Machine
import Models
import Results

/// `ternbench decode`.
struct Decode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Measures a model's tokens per second, prompt and decoding apart, and where time goes.",
    discussion: """
      Examples:
        ternbench decode
        ternbench decode -m 2b-4t --prompt-tokens 128 --generate 64 --threads 1,all --head int8
        ternbench decode -m model.gguf --kernel tl2_avx2
        ternbench decode -m dummy-70b --layers 4

      A slug of the catalogue gives synthetic weights of its shape, a file real ones; without either, \
      the small trained model in the program runs. Beside the time of a step stand the bytes that it \
      must read, and how fast the same threads read these very bytes. The run folder's path is the last line; it holds decode.csv.
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      """
      A GGUF file or a Hugging Face folder, the model in the program, or a slug of the catalogue for \
      synthetic weights.
      """, valueName: "file or slug"))
  var model = EmbeddedModel.slug

  @OptionGroup var running: RunningOptions

  @Option(help: "Tokens of the prompt, separated by commas.")
  var promptTokens = CountList([128])

  @Option(help: "Measured steps behind the prompt.")
  var generate = 64

  @Option(help: "Sequences side by side, separated by commas.")
  var batch = CountList([1])

  @Option(help: "Tokens of a prompt that are multiplied at once.")
  var chunk = 128

  @Option(
    help: """
      Of synthetic weights, how many layers differ; the model uses them in rotation. For models \
      larger than memory.
      """)
  var layers: Int?

  @Option(
    help: "Of synthetic weights, the share that is zero. Default: what is known of the model.")
  var zeroDensity: Double?

  @Option(help: "What synthetic weights and prompts are made from.")
  var seed: UInt64 = 1

  @Option(name: .long, help: "The folder in which the run's folder is made.")
  var out = "results"

  func validate() throws {
    guard generate >= 1, chunk >= 1 else {
      throw ValidationError("--generate and --chunk: at least 1")
    }
    guard layers.map({ $0 >= 1 }) ?? true else {
      throw ValidationError("--layers \(layers ?? 0): at least 1")
    }
    if let zeroDensity, !(0...1).contains(zeroDensity) {
      throw ValidationError("--zero-density \(zeroDensity): not between 0 and 1")
    }
  }

  func run() throws {
    let threadCounts = running.threads.counts(usable: Topology.read().usableThreads)
    let kernels = try running.chosenKernels(for: loads, threads: threadCounts.max() ?? 1)
    let start = Date()
    let subject = try subject(kernels)
    let loadSeconds = Date().timeIntervalSince(start)
    let capture = EnvironmentCapture()
    let folder = try RunFolder(
      creatingIn: out, utc: start, host: capture.host, commit: capture.commit.value ?? "nogit")
    try capture.environment(
      run: folder.run, utc: UTC.readable(start), version: Ternbench.version,
      commandLine: CommandLine.arguments, options: ["kernel": kernels.name], seeds: [seed],
      models: []
    ).write(to: folder.environment)
    let writer = try CSVWriter<DecodeRow>(creating: folder.decode)
    for threads in threadCounts {
      for batch in batch.counts {
        for promptTokens in promptTokens.counts {
          var row = DecodeRow(
            run: folder.run, model: subject.name, source: subject.source, kernel: kernels.name,
            layout: kernels.layouts(of: subject.configuration),
            head: subject.weights.head.kind.rawValue, threads: threads,
            batch: batch, promptTokens: promptTokens, generatedTokens: generate,
            layers: subject.configuration.layers, distinctLayers: subject.weights.layers.count)
          row.loadSeconds = loadSeconds
          subject.fillLoading(&row)
          row.seed = seed
          row.note = [subject.note, note(kernels, subject)].filter { !$0.isEmpty }
            .joined(separator: "; ")
          row.memory = running.memory.kind.rawValue
          row.reproduce = reproduce(kernels, threads: threads, batch: batch, prompt: promptTokens)
          measure(subject, kernels, into: &row)
          try writer.append(row)
          Console.print(Self.summary(row))
          Console.print(
            "  "
              + subject.loading.text(
                isMade: subject.source == "synthetic", tokensPerSecond: row.decodeTokensPerSecond))
        }
      }
    }
    Console.print(folder.path)
  }

  /// What weights are packed for: every batch's steps and every prompt.
  private var loads: [TunedKernels.Load] {
    batch.counts.map { TunedKernels.Load(tokens: $0, passes: Double(generate)) }
      + promptTokens.counts.map { tokens in
        TunedKernels.Load(
          tokens: min(chunk, tokens), passes: (Double(tokens) / Double(chunk)).rounded(.up))
      }
  }

  /// What `auto` has come to.
  private func note(_ kernels: ChosenKernels, _ subject: Subject) -> String {
    running.kernel == "auto"
      ? "kernel \(kernels.description(of: subject.configuration))" : ""
  }

  /// What is measured.
  private struct Subject {
    let name: String
    let source: String
    let configuration: Configuration
    let weights: Weights
    let loading: Loading
    let rotaryFactors: [Float]?
    let note: String

    /// What loading took; making synthetic weights is no part of it.
    func fillLoading(_ row: inout DecodeRow) {
      row.unpackSeconds = source == "synthetic" ? nil : loading.unpackSeconds
      row.packSeconds = loading.packSeconds
      row.packedBytes = loading.packedBytes
      row.mapSeconds = loading.mapSeconds
      row.mappedBytes = loading.mappedBytes
    }
  }

  private func subject(_ kernels: ChosenKernels) throws -> Subject {
    let isEmbedded = model == EmbeddedModel.slug
    if isEmbedded || !model.hasSuffix(".toml") && (model.hasSuffix(".gguf") || model.contains("/"))
    {
      guard layers == nil, zeroDensity == nil else {
        throw Failure.usage("--layers, --zero-density: \(model) has its own weights")
      }
      var options = Model.Options()
      options.head = running.head?.kind
      options.mapsWeights = !running.copyWeights
      let read = try Model(named: model, for: kernels.choice, options: options)
      return Subject(
        name: URL(fileURLWithPath: model).lastPathComponent,
        source: isEmbedded ? "embedded" : "file",
        configuration: read.configuration, weights: read.weights, loading: read.loading,
        rotaryFactors: read.rotaryFactors, note: "")
    }
    let shape = try ModelShape.resolve(model)
    let configuration: Configuration
    do {
      configuration = try Configuration(shape)
    } catch {
      throw Failure.usage(error.description)
    }
    if let head = running.head?.kind, !head.takes(width: configuration.hidden) {
      throw Failure.usage(
        "--head \(head.rawValue): the model's width \(configuration.hidden) does not fill its blocks; "
          + "choose another")
    }
    let distinct = min(layers ?? configuration.layers, configuration.layers)
    try requireMemory(configuration, kernels.representative, distinctLayers: distinct)
    let made = Model(
      synthetic: configuration, for: kernels.choice, head: running.head?.kind ?? .f16,
      tied: shape.tied ?? true,
      from: Synthesis(
        zeroDensity: zeroDensity ?? shape.zeroPercent.map { $0 / 100 } ?? Target.unknownZeroDensity,
        seed: seed),
      layers: distinct)
    let note = DecodeBenchmark.rotation(
      of: made.weights, layers: configuration.layers,
      lastLevelCache: Caches.read(of: Topology.read().allowed).lastLevelBytes.value)
    return Subject(
      name: shape.slug, source: "synthetic", configuration: configuration, weights: made.weights,
      loading: made.loading, rotaryFactors: nil, note: note)
  }

  /// Refuses a model that would not fit, before anything is allocated.
  private func requireMemory(_ c: Configuration, _ kernel: Kernel, distinctLayers: Int) throws {
    guard case .value(let memory) = OperatingSystem.read().memoryBytes else { return }
    let perLayer =
      c.hidden * (2 * c.attention + 2 * c.keysOrValues) + 3 * c.hidden * c.ffn
    let layer = Double(perLayer) * kernel.bitsPerWeight / 8
    let head = Double(c.vocabulary * (running.head?.kind ?? .f16).rowBytes(width: c.hidden))
    let need = layer * Double(distinctLayers) + 2 * head
    guard need > 0.9 * Double(memory) else { return }
    let fit = Int((0.8 * Double(memory) - 2 * head) / layer)
    throw Failure.usage(
      "-m \(model): needs about \(Int(need / 0x1p30)) GiB and this machine has "
        + "\(Int(Double(memory) / 0x1p30)) GiB; --layers \(max(fit, 1)) keeps only so many in memory"
    )
  }

  private func measure(_ subject: Subject, _ kernels: ChosenKernels, into row: inout DecodeRow) {
    let pool = ThreadPool(threads: row.threads)
    let positions = DecodeBenchmark.positions(
      promptTokens: row.promptTokens, generated: row.generatedTokens)
    let transformer = Transformer(
      subject.configuration, weights: subject.weights, kernel: kernels.choice,
      limits: Transformer.Limits(
        tokens: max(min(chunk, row.promptTokens), row.batch), sequences: row.batch,
        positions: positions, memory: running.memory.kind),
      rotaryFactors: subject.rotaryFactors, threads: pool)
    DecodeBenchmark(
      transformer, threads: pool, promptTokens: row.promptTokens, generated: row.generatedTokens,
      batch: row.batch, seed: seed
    ).run(into: &row)
    row.peakBytes = OperatingSystem.peakResidentBytes
  }

  private func reproduce(_ kernels: ChosenKernels, threads: Int, batch: Int, prompt: Int) -> String
  {
    var words = [
      "ternbench", "decode", "-m", model, "--kernel", kernels.name, "--threads", "\(threads)",
      "--batch", "\(batch)", "--prompt-tokens", "\(prompt)", "--generate", "\(generate)", "--chunk",
      "\(chunk)", "--seed", "\(seed)",
    ]
    words += ["--memory", running.memory.kind.rawValue]
    if let head = running.head { words += ["--head", head.kind.rawValue] }
    if running.copyWeights { words.append("--copy-weights") }
    if let layers { words += ["--layers", "\(layers)"] }
    if let zeroDensity { words += ["--zero-density", "\(zeroDensity)"] }
    return words.joined(separator: " ")
  }

  /// Whether the parts add up.
  private static func prediction(_ row: DecodeRow) -> String {
    guard let predicted = row.predictedSeconds, let ring = row.ringSeconds,
      let residual = row.residualSeconds, let share = row.linearPercentOfRing
    else { return "no prediction" }
    func milliseconds(_ seconds: Double) -> String { String(format: "%.2f", 1e3 * seconds) }
    return
      "predicted \(milliseconds(predicted)) ms, residual \(milliseconds(residual)) ms: linear layers "
      + "alone \(milliseconds(ring)) ms, in the decoder \(String(format: "%.1f", share)) % of that"
  }

  /// A few lines for people.
  private static func summary(_ row: DecodeRow) -> String {
    func number(_ value: Double?, _ digits: Int = 1) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "unknown"
    }
    func share(_ seconds: Double) -> String { number(1e3 * seconds, 2) }
    let parts = [
      ("qkv", row.qkvSeconds), ("o", row.oSeconds), ("gate and up", row.gateUpSeconds),
      ("down", row.downSeconds), ("head", row.headSeconds), ("attention", row.attentionSeconds),
      ("norms", row.normsSeconds), ("quantize", row.quantizeSeconds),
    ].map { "\($0) \(share($1))" }.joined(separator: ", ")
    return """
      \(row.model) \(row.kernel), head \(row.head), \(row.threads) threads, batch \(row.batch): \
      prompt of \(row.promptTokens) at \(number(row.prefillTokensPerSecond)) tokens/s (first token \
      \(share(row.firstTokenSeconds)) ms), decode at \(number(row.decodeTokensPerSecond, 2)) tokens/s \
      (p50 \(share(row.stepSeconds)) ms, p99 \(share(row.stepSecondsP99)) ms)
        a step reads \(number(Double(row.ternaryBytes) / 1e6, 0)) MB of ternary weights, \
      \(number(Double(row.headBytes) / 1e6, 0)) MB of head, \
      \(number(Double(row.memoryBytes) / 1e6, 0)) MB of keys and values: \(number(row.gbPerSecond)) of \
      \(number(row.readGBPerSecond)) GB/s, \(number(row.percentOfRead)) %
        ms of a step: \(parts)
        \(prediction(row))\(row.note.isEmpty ? "" : "\n  " + row.note)
      """
  }
}
