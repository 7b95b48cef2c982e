internal import Foundation

/// `environment.json`: what a run was measured with and on.
public struct RunEnvironment: Codable, Equatable, Sendable {
  /// The number that a change of the file's keys raises.
  public static let schemaVersion = 1

  /// The ternbench that measured.
  public struct Program: Codable, Equatable, Sendable {
    public var version: String
    public var commit: Observed<String>
    /// Whether the sources differed from the commit.
    public var modified: Observed<Bool>
    /// "release" or "debug".
    public var configuration: String
    public var compiler: Observed<String>
    /// The flags that the kernels were compiled with.
    public var flags: Observed<String>

    /// Creates the description of a program.
    public init(
      version: String, commit: Observed<String>, modified: Observed<Bool>, configuration: String,
      compiler: Observed<String>, flags: Observed<String>
    ) {
      self.version = version
      self.commit = commit
      self.modified = modified
      self.configuration = configuration
      self.compiler = compiler
      self.flags = flags
    }
  }

  /// One cache, as one processor sees it.
  public struct Cache: Codable, Equatable, Sendable {
    public var level: Int
    /// "data", "instruction" or "unified".
    public var type: String
    public var bytes: Int
    /// How many logical processors share it.
    public var sharedBy: Int

    /// Creates the description of a cache.
    public init(level: Int, type: String, bytes: Int, sharedBy: Int) {
      self.level = level
      self.type = type
      self.bytes = bytes
      self.sharedBy = sharedBy
    }
  }

  /// The processor.
  public struct Processor: Codable, Equatable, Sendable {
    public var model: Observed<String>
    public var vendor: Observed<String>
    /// The instruction sets that kernels may use, by name.
    public var features: [String]
    public var logicalProcessors: Int
    public var caches: Observed<[Cache]>
    public var governor: Observed<String>
    /// The highest clock that the machine tells; nil for runs from before it was asked.
    public var gigahertz: Observed<Double>?

    /// Creates the description of a processor.
    public init(
      model: Observed<String>, vendor: Observed<String>, features: [String],
      logicalProcessors: Int, caches: Observed<[Cache]>, governor: Observed<String>,
      gigahertz: Observed<Double>? = nil
    ) {
      self.model = model
      self.vendor = vendor
      self.features = features
      self.logicalProcessors = logicalProcessors
      self.caches = caches
      self.governor = governor
      self.gigahertz = gigahertz
    }
  }

  /// The operating system and what it runs on.
  public struct System: Codable, Equatable, Sendable {
    public var name: Observed<String>
    public var kernel: Observed<String>
    public var architecture: String
    /// Its name; "none" on bare metal.
    public var hypervisor: Observed<String>
    public var memoryBytes: Observed<Int>
    public var pageBytes: Int
    public var transparentHugePages: Observed<String>
    /// What executes the instructions in software: "cortex-a72, emulated by qemu-aarch64", or "none".
    ///
    /// Nil for runs from before it was asked.
    public var emulator: Observed<String>?

    /// Creates the description of a system.
    public init(
      name: Observed<String>, kernel: Observed<String>, architecture: String,
      hypervisor: Observed<String>, memoryBytes: Observed<Int>, pageBytes: Int,
      transparentHugePages: Observed<String>
    ) {
      self.name = name
      self.kernel = kernel
      self.architecture = architecture
      self.hypervisor = hypervisor
      self.memoryBytes = memoryBytes
      self.pageBytes = pageBytes
      self.transparentHugePages = transparentHugePages
    }
  }

  /// A model whose layers were to be measured: what a total per token has to add up.
  public struct Model: Codable, Equatable, Sendable {
    public var slug: String
    /// The names of its ternary layers, in the model's order.
    public var layers: [String]

    /// Creates the description of a model.
    public init(slug: String, layers: [String]) {
      self.slug = slug
      self.layers = layers
    }
  }

  public var schemaVersion: Int
  /// The name of the run's folder, which every row repeats.
  public var run: String
  /// When the run began, as `2026-11-21T03:15:00Z`.
  public var utc: String
  public var host: String
  public var commandLine: [String]
  /// The options in effect, defaults included.
  public var options: [String: String]
  public var seeds: [UInt64]
  public var models: [Model]
  public var program: Program
  public var processor: Processor
  public var system: System
  /// When the run was resumed after it had been stopped; nil: never.
  public var resumed: [String]?

  /// What emulates the processor; nil where nothing does, as far as is known.
  public var emulator: String? {
    guard let name = system.emulator?.value, name != Self.noEmulator else { return nil }
    return name
  }

  /// How a run says that its processor is a real one.
  public static let noEmulator = "none"

  /// Creates the description of a run.
  public init(
    run: String, utc: String, host: String, commandLine: [String], options: [String: String],
    seeds: [UInt64], models: [Model], program: Program, processor: Processor, system: System
  ) {
    schemaVersion = RunEnvironment.schemaVersion
    self.run = run
    self.utc = utc
    self.host = host
    self.commandLine = commandLine
    self.options = options
    self.seeds = seeds
    self.models = models
    self.program = program
    self.processor = processor
    self.system = system
  }

  /// Writes the file, whole or not at all.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(String(decoding: encoder.encode(self), as: UTF8.self) + "\n", to: path)
  }

  /// Reads a file.
  public init(contentsOf path: String) throws {
    let data = Data(try OpenFile.contents(path))
    // Swift 6.0's decoder traps on a key that is no JSON; this throws.
    guard (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)) != nil else {
      throw ResultsError(
        .data, file: path, reason: "is not JSON",
        remedy: "restore the file or run the benchmark again")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      let version = try decoder.decode(Version.self, from: data).schemaVersion
      guard version == RunEnvironment.schemaVersion else {
        throw ResultsError(
          .data, file: path, column: "schema_version",
          reason:
            "schema version \(version), and this ternbench reads \(RunEnvironment.schemaVersion)",
          remedy: "read it with the ternbench that wrote it")
      }
      self = try decoder.decode(RunEnvironment.self, from: data)
    } catch let error as DecodingError {
      let (key, reason) = error.keyAndReason
      throw ResultsError(
        .data, file: path, column: key, reason: reason,
        remedy: "restore the file or run the benchmark again")
    }
  }

  /// What every version of the file has.
  private struct Version: Decodable {
    let schemaVersion: Int
  }
}

extension DecodingError {
  /// The path of the key at fault and what is wrong with it.
  fileprivate var keyAndReason: (key: String?, reason: String) {
    func joined(_ path: [any CodingKey]) -> String? {
      path.isEmpty ? nil : path.map(\.stringValue).joined(separator: ".")
    }
    switch self {
    case .keyNotFound(let key, let context): return (joined(context.codingPath + [key]), "missing")
    case .valueNotFound(_, let context): return (joined(context.codingPath), "has no value")
    case .typeMismatch(let type, let context):
      return (joined(context.codingPath), "is not of type \(type)")
    case .dataCorrupted(let context) where context.codingPath.isEmpty: return (nil, "is not JSON")
    case .dataCorrupted(let context): return (joined(context.codingPath), context.debugDescription)
    @unknown default: return (nil, "cannot be decoded")
    }
  }
}
