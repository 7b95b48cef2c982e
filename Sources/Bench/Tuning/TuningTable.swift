public import Results

/// What kernels took on the shapes of models, measured on one machine with one build.
public struct TuningTable: Codable, Sendable, Equatable {
  /// Which machine and build the times are of.
  public struct Identity: Codable, Sendable, Equatable {
    public var processor: String
    /// The instruction sets that kernels may use.
    public var isa: [String]
    /// The kernels, their layouts, and how they were compiled.
    public var build: String

    public init(processor: String, isa: [String], build: String) {
      self.processor = processor
      self.isa = isa
      self.build = build
    }
  }

  /// The kernels on one shape.
  public struct Entry: Codable, Sendable, Equatable {
    public var outFeatures: Int
    public var inFeatures: Int
    public var tokens: Int
    public var threads: Int
    /// The median of one cold call, by kernel.
    public var seconds: [String: Double]

    public init(
      outFeatures: Int, inFeatures: Int, tokens: Int, threads: Int, seconds: [String: Double]
    ) {
      self.outFeatures = outFeatures
      self.inFeatures = inFeatures
      self.tokens = tokens
      self.threads = threads
      self.seconds = seconds
    }

    fileprivate func isOfCase(_ other: Entry) -> Bool {
      (outFeatures, inFeatures, tokens, threads)
        == (other.outFeatures, other.inFeatures, other.tokens, other.threads)
    }
  }

  public static let currentVersion = 1

  public var version = TuningTable.currentVersion
  public var identity: Identity
  public private(set) var entries: [Entry] = []

  public init(identity: Identity) {
    self.identity = identity
  }

  /// Takes a shape's times in, in place of what was known of it.
  public mutating func take(_ entry: Entry) {
    entries.removeAll { $0.isOfCase(entry) }
    entries.append(entry)
    entries.sort {
      ($0.outFeatures, $0.inFeatures, $0.tokens, $0.threads)
        < ($1.outFeatures, $1.inFeatures, $1.tokens, $1.threads)
    }
  }

  /// Why it is no table: a time that none can be; nil if it is one.
  var inconsistency: String? {
    for entry in entries {
      guard min(entry.outFeatures, entry.inFeatures, entry.tokens, entry.threads) >= 1 else {
        return "a size is not at least 1"
      }
      guard entry.seconds.values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        return "a time is not above 0"
      }
    }
    return nil
  }

  /// Seconds of a kernel on matrices that are multiplied one after another; nil if one was not measured.
  ///
  /// For a number of tokens that was not measured, the nearest below counts, or else the least, by token.
  func seconds(
    of kernel: String, outFeatures: [Int], inFeatures: Int, tokens: Int, threads: Int
  ) -> Double? {
    var sum = 0.0
    for rows in outFeatures {
      let known = entries.filter {
        $0.outFeatures == rows && $0.inFeatures == inFeatures && $0.threads == threads
          && $0.seconds[kernel] != nil
      }
      let nearest =
        known.filter { $0.tokens <= tokens }.max { $0.tokens < $1.tokens }
        ?? known.min { $0.tokens < $1.tokens }
      guard let nearest, let seconds = nearest.seconds[kernel] else { return nil }
      sum += seconds * Double(tokens) / Double(nearest.tokens)
    }
    return sum
  }
}

extension TuningTable {
  /// Takes in what a sweep has measured cold.
  public mutating func take(_ rows: [KernelRow]) {
    let measured = rows.filter { $0.status == .ok && $0.cache == .cold && $0.lossless }
    let cases = Dictionary(grouping: measured) {
      [$0.outFeatures, $0.inFeatures, $0.tokens, $0.threads]
    }
    for (key, rows) in cases {
      let times = rows.compactMap { row in row.timeSeconds.map { (row.kernel, $0) } }
      take(
        Entry(
          outFeatures: key[0], inFeatures: key[1], tokens: key[2], threads: key[3],
          seconds: Dictionary(times, uniquingKeysWith: min)))
    }
  }
}
