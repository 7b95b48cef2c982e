/// One row of `decode.csv`: one model decoding with one kernel, at one prompt length and batch.
public struct DecodeRow: CSVRow {
  public var run: String
  /// The model's slug, or its file's name.
  public var model: String
  /// "file" or "synthetic".
  public var source: String
  public var kernel: String
  public var layout: String
  /// How the head is stored: f16, bf16, int8, q6_k or f32.
  public var head: String
  public var threads: Int
  /// Sequences side by side.
  public var batch: Int
  public var promptTokens: Int
  public var generatedTokens: Int
  public var layers: Int
  /// Layers that differ; fewer than `layers` are used in rotation.
  public var distinctLayers: Int

  /// The whole prompt of one sequence, its logits included.
  public var prefillSeconds: Double = 0
  /// The prompt and the first token behind it.
  public var firstTokenSeconds: Double = 0
  /// One step of all sequences, behind the prompt: median, 50th and 99th percentile are of these.
  public var stepSeconds: Double = 0
  public var stepSecondsP99: Double = 0
  public var stepSecondsMdAPE: Double = 0

  /// How keys and values are remembered: f16, f32 or int8.
  public var memory: String = "f16"
  /// Packed ternary weights that a step reads.
  public var ternaryBytes: Int = 0
  public var headBytes: Int = 0
  /// Keys and values that a step reads, in the mean.
  public var memoryBytes: Int = 0
  /// How fast the same threads read the same weights, in the same run.
  public var readGBPerSecond: Double?

  /// Seconds of a step by part, in the mean.
  public var quantizeSeconds: Double = 0
  public var qkvSeconds: Double = 0
  public var oSeconds: Double = 0
  public var gateUpSeconds: Double = 0
  public var downSeconds: Double = 0
  public var attentionSeconds: Double = 0
  public var normsSeconds: Double = 0
  public var headSeconds: Double = 0

  /// The linear layers of a step alone, with quantizing and preparing: the median.
  public var linearSeconds: Double?
  /// The other parts of a step: the median.
  public var otherSeconds: Double?
  /// The same linear layers without a decoder around them, in turns with its steps: median and spread.
  public var ringSeconds: Double?
  public var ringMdAPE: Double?

  /// Seconds of reading the file's weights to a byte each, where they had to be packed; nil of synthetic ones.
  public var unpackSeconds: Double?
  /// Seconds of packing weights for the kernel's layout.
  public var packSeconds: Double?
  public var packedBytes: Int?
  /// Seconds of checking weights that lay in the kernel's layout and stayed in the file.
  public var mapSeconds: Double?
  public var mappedBytes: Int?

  /// Joules of a token by the model of docs/energy.md: bounds, and of what; nil with the reason.
  public var modelledJoulesLeast: Double?
  public var modelledJoulesMost: Double?
  public var modelledSource: String = ""
  public var modelledReason: String = ""
  /// Joules of a token above the idle machine, as a meter counted them; nil with the reason.
  public var measuredJoules: Double?
  public var grossJoules: Double?
  public var energySource: String = ""
  public var energyReason: String = ""
  public var idleWatts: Double?
  public var energyWindowSeconds: Double?

  /// The most memory that the process held.
  public var peakBytes: Int?
  public var loadSeconds: Double = 0
  public var seed: UInt64 = 1
  public var reproduce: String = ""
  public var note: String = ""

  /// Creates a row that says what is measured; measurements follow as properties.
  public init(
    run: String, model: String, source: String, kernel: String, layout: String, head: String,
    threads: Int, batch: Int, promptTokens: Int, generatedTokens: Int, layers: Int,
    distinctLayers: Int
  ) {
    self.run = run
    self.model = model
    self.source = source
    self.kernel = kernel
    self.layout = layout
    self.head = head
    self.threads = threads
    self.batch = batch
    self.promptTokens = promptTokens
    self.generatedTokens = generatedTokens
    self.layers = layers
    self.distinctLayers = distinctLayers
  }
}

extension DecodeRow {
  public static let schemaVersion = 3

  public static let values: [Column<DecodeRow>] = [
    Column("run", \.run),
    Column("model", \.model),
    Column("source", \.source),
    Column("kernel", \.kernel),
    Column("layout", \.layout),
    Column("head", \.head),
    Column("threads", \.threads),
    Column("batch", \.batch),
    Column("prompt_tokens", \.promptTokens),
    Column("generated_tokens", \.generatedTokens),
    Column("layers", \.layers),
    Column("distinct_layers", \.distinctLayers),
    Column("prefill_s", \.prefillSeconds),
    Column("prefill_tokens_per_s", derived: \.prefillTokensPerSecond),
    Column("first_token_s", \.firstTokenSeconds),
    Column("step_s", \.stepSeconds),
    Column("step_s_p99", \.stepSecondsP99),
    Column("step_mdape", \.stepSecondsMdAPE),
    Column("decode_tokens_per_s", derived: \.decodeTokensPerSecond),
    Column("ternary_bytes", \.ternaryBytes),
    Column("head_bytes", \.headBytes),
    Column("memory", \.memory),
    Column("memory_bytes", \.memoryBytes),
    Column("gb_per_s", derived: \.gbPerSecond),
    Column("read_gb_per_s", \.readGBPerSecond),
    Column("percent_of_read", derived: \.percentOfRead),
    Column("quantize_s", \.quantizeSeconds),
    Column("qkv_s", \.qkvSeconds),
    Column("o_s", \.oSeconds),
    Column("gate_up_s", \.gateUpSeconds),
    Column("down_s", \.downSeconds),
    Column("attention_s", \.attentionSeconds),
    Column("norms_s", \.normsSeconds),
    Column("head_s", \.headSeconds),
    Column("peak_bytes", \.peakBytes),
    Column("load_s", \.loadSeconds),
    Column("seed", \.seed),
    Column("reproduce", \.reproduce),
    Column("note", \.note),
    Column("linear_s", \.linearSeconds, since: 2),
    Column("other_s", \.otherSeconds, since: 2),
    Column("ring_s", \.ringSeconds, since: 2),
    Column("ring_mdape", \.ringMdAPE, since: 2),
    Column("linear_percent_of_ring", derived: \.linearPercentOfRing, since: 2),
    Column("predicted_s", derived: \.predictedSeconds, since: 2),
    Column("residual_s", derived: \.residualSeconds, since: 2),
    Column("bytes_per_token", derived: \.bytesPerToken, since: 3),
    Column("unpack_s", \.unpackSeconds, since: 3),
    Column("pack_s", \.packSeconds, since: 3),
    Column("packed_bytes", \.packedBytes, since: 3),
    Column("map_s", \.mapSeconds, since: 3),
    Column("mapped_bytes", \.mappedBytes, since: 3),
    Column("pack_tokens", derived: \.packTokens, since: 3),
    Column("modelled_j_per_token_least", \.modelledJoulesLeast, since: 3),
    Column("modelled_j_per_token_most", \.modelledJoulesMost, since: 3),
    Column("modelled_source", \.modelledSource, since: 3),
    Column("modelled_reason", \.modelledReason, since: 3),
    Column("measured_j_per_token", \.measuredJoules, since: 3),
    Column("gross_j_per_token", \.grossJoules, since: 3),
    Column("energy_source", \.energySource, since: 3),
    Column("energy_reason", \.energyReason, since: 3),
    Column("idle_w", \.idleWatts, since: 3),
    Column("energy_window_s", \.energyWindowSeconds, since: 3),
  ]

  public static let blank = DecodeRow(
    run: "", model: "", source: "", kernel: "", layout: "", head: "", threads: 1, batch: 1,
    promptTokens: 1, generatedTokens: 1, layers: 1, distinctLayers: 1)

  /// Tokens of the prompt over its time.
  public var prefillTokensPerSecond: Double? {
    prefillSeconds > 0 ? Double(promptTokens) / prefillSeconds : nil
  }

  /// Tokens of all sequences over the median step.
  public var decodeTokensPerSecond: Double? {
    stepSeconds > 0 ? Double(batch) / stepSeconds : nil
  }

  /// What a step reads, shared by its tokens.
  public var bytesPerToken: Double? {
    Double(ternaryBytes + headBytes + memoryBytes) / Double(batch)
  }

  /// Seconds that a kernel which maps the file would not have spent on loading; nil in files that do not say.
  public var repackSeconds: Double? { packSeconds.map { $0 + (unpackSeconds ?? 0) } }

  /// The tokens that could have been decoded meanwhile.
  public var packTokens: Double? {
    guard let repackSeconds, let decodeTokensPerSecond else { return nil }
    return repackSeconds * decodeTokensPerSecond
  }

  /// What a step reads over its time, in 1e9 bytes a second.
  public var gbPerSecond: Double? {
    stepSeconds > 0 ? Double(ternaryBytes + headBytes + memoryBytes) / stepSeconds / 1e9 : nil
  }

  /// The step's rate of reading as a percentage of what the same threads can read.
  public var percentOfRead: Double? {
    guard let gbPerSecond, let readGBPerSecond else { return nil }
    return 100 * gbPerSecond / readGBPerSecond
  }

  /// What the linear layers took within the decoder as a percentage of what they took without it.
  public var linearPercentOfRing: Double? {
    guard let linearSeconds, let ringSeconds else { return nil }
    return 100 * linearSeconds / ringSeconds
  }

  /// What a step should take: the ring and the other parts.
  public var predictedSeconds: Double? {
    guard let otherSeconds, let ringSeconds else { return nil }
    return ringSeconds + otherSeconds
  }

  /// What a step took beyond that.
  public var residualSeconds: Double? { predictedSeconds.map { stepSeconds - $0 } }

  public var inconsistency: String? {
    if ringSeconds.map({ $0 <= 0 }) ?? false { return "ring_s is above 0" }
    if min(threads, batch, promptTokens, generatedTokens, layers, distinctLayers) < 1 {
      return "threads, batch, tokens and layers are at least 1"
    }
    if let measuredJoules {
      guard measuredJoules > 0, !energySource.isEmpty, idleWatts != nil,
        grossJoules ?? 0 >= measuredJoules
      else {
        return
          "a measured_j_per_token is above 0, has an energy_source and an idle_w, and is at most "
          + "its gross_j_per_token"
      }
    }
    if let modelledJoulesLeast {
      guard modelledJoulesLeast >= 0, modelledJoulesMost ?? -1 >= modelledJoulesLeast,
        modelledSource.hasPrefix("modelled: ")
      else {
        return
          "modelled_j_per_token_least is at least 0, at most modelled_j_per_token_most, and has a "
          + "source that begins with modelled:"
      }
    }
    if distinctLayers > layers { return "distinct_layers is at most layers" }
    if readGBPerSecond.map({ $0 <= 0 }) ?? false { return "read_gb_per_s is above 0" }
    return nil
  }
}
