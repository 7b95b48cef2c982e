/// The sizes of the buffers of one kernel call, and how it goes through its weights.
public struct KernelBuffers: Sendable, Equatable {
  public var packedBytes: Int
  /// The weights of one tile, which its tokens meet one after another.
  public var tileWeightBytes: Int
  /// How often the tiles go through all weights: once for each best number of tokens.
  public var weightPasses: Int
  public var inputBytes, preparedBytes, scratchBytes, outputBytes: Int

  public init(
    packedBytes: Int, tileWeightBytes: Int, weightPasses: Int, inputBytes: Int,
    preparedBytes: Int, scratchBytes: Int, outputBytes: Int
  ) {
    self.packedBytes = packedBytes
    self.tileWeightBytes = tileWeightBytes
    self.weightPasses = weightPasses
    self.inputBytes = inputBytes
    self.preparedBytes = preparedBytes
    self.scratchBytes = scratchBytes
    self.outputBytes = outputBytes
  }
}

/// Where the weights are when a call begins.
public enum WeightPlace: Sendable, Hashable {
  /// In main memory: the cold regime.
  case memory
  /// In the smallest cache that holds them: the hot regime.
  case cache
}

/// Why there is no modelled figure.
public struct NoFigure: Error, Equatable, CustomStringConvertible {
  public let reason: String
  public var description: String { reason }
}

/// The bytes of a call by the level of memory that they come from or go to.
public struct MemoryTraffic: Sendable, Equatable {
  /// Bytes to and from main memory.
  public private(set) var dramBytes = 0
  /// Bytes by the name of the SRAM.
  public private(set) var sramBytes: [String: Int] = [:]

  /// Assigns each stream of a call to a level.
  ///
  /// A buffer lies in the smallest SRAM that holds it whole; beyond the largest, in main memory. Weights
  /// in main memory are read from there once a pass; within a pass, a tile's weights are read again from
  /// where the tile fits.
  ///
  /// - Throws: `NoFigure` for weights in a cache that is larger than any whose energy is published.
  public init(
    _ counts: KernelCounts, _ buffers: KernelBuffers, weights place: WeightPlace,
    node: NodeEnergies
  ) throws(NoFigure) {
    switch place {
    case .memory:
      let fromMemory = min(counts[.weights], buffers.packedBytes * buffers.weightPasses)
      dramBytes = fromMemory
      add(counts[.weights] - fromMemory, to: node.sram(holding: buffers.tileWeightBytes))
    case .cache:
      guard let cache = node.sram(holding: buffers.packedBytes) else {
        throw NoFigure(
          reason: "no energy is published for a cache that holds \(buffers.packedBytes) bytes of "
            + "weights; the largest SRAM of \(node.name) is \(node.sram.last?.name ?? "none")")
      }
      add(counts[.weights], to: cache)
    }
    add(counts[.input], to: node.sram(holding: buffers.inputBytes))
    add(counts[.prepared], to: node.sram(holding: buffers.preparedBytes))
    add(counts[.scratch], to: node.sram(holding: buffers.scratchBytes))
    add(counts[.output], to: node.sram(holding: buffers.outputBytes))
  }

  private init() {}

  /// No bytes at all.
  public static let none = MemoryTraffic()

  /// Adds the bytes of several such calls.
  public mutating func add(_ other: MemoryTraffic, times: Int) {
    dramBytes += times * other.dramBytes
    sramBytes.merge(other.sramBytes.mapValues { times * $0 }) { $0 + $1 }
  }

  /// All bytes to and from SRAM.
  public var allSRAMBytes: Int { sramBytes.values.reduce(0, +) }

  private mutating func add(_ bytes: Int, to sram: MemoryEnergy?) {
    guard bytes > 0 else { return }
    if let sram {
      sramBytes[sram.name, default: 0] += bytes
    } else {
      dramBytes += bytes
    }
  }
}
