internal import Foundation

/// All of a run that a report needs, read and checked.
public struct Run: Equatable, Sendable {
  public let environment: RunEnvironment
  public let kernels: [KernelRow]
  /// Empty when the run measured none.
  public let ceilings: [CeilingRow]
  /// Empty when none were kept: then no ratio has an interval.
  public let samples: [SampleRow]

  /// Modelled energies; empty for runs from before there were any.
  public var energy: [EnergyRow] = []

  /// Empty when no model was decoded.
  public var decode: [DecodeRow] = []

  /// Empty when nothing was counted.
  public let counters: [CounterRow]

  /// Creates a run from its parts.
  public init(
    environment: RunEnvironment, kernels: [KernelRow], ceilings: [CeilingRow],
    samples: [SampleRow] = [], counters: [CounterRow] = []
  ) {
    self.environment = environment
    self.kernels = kernels
    self.ceilings = ceilings
    self.samples = samples
    self.counters = counters
  }

  /// Reads the folder of a run.
  public init(_ folder: RunFolder) throws {
    environment = try RunEnvironment(contentsOf: folder.environment)
    kernels = access(folder.kernels, F_OK) == 0 ? try CSVReader(folder.kernels).rows : []
    decode = access(folder.decode, F_OK) == 0 ? try CSVReader(folder.decode).rows : []
    ceilings = access(folder.ceilings, F_OK) == 0 ? try CSVReader(folder.ceilings).rows : []
    samples = access(folder.samples, F_OK) == 0 ? try CSVReader(folder.samples).rows : []
    energy = access(folder.energy, F_OK) == 0 ? try CSVReader(folder.energy).rows : []
    counters = access(folder.counters, F_OK) == 0 ? try CSVReader(folder.counters).rows : []
    try checkName(folder.environment)
    try checkRun(folder.kernels, kernels.map(\.run))
    try checkRun(folder.decode, decode.map(\.run))
    try checkRun(folder.ceilings, ceilings.map(\.run))
    try checkRun(folder.samples, samples.map(\.run))
    try checkRun(folder.energy, energy.map(\.run))
    try checkRun(folder.counters, counters.map(\.run))
    try checkLayers(folder.kernels)
    try checkCases(folder.kernels)
  }

  /// The name becomes that of a folder.
  private func checkName(_ file: String) throws {
    let name = environment.run
    guard name.isEmpty || name.hasPrefix(".") || name.contains("/") else { return }
    throw ResultsError(
      .data, file: file, column: "run", reason: "\(name.quotedForError) cannot name a folder",
      remedy: "restore the file")
  }

  /// Rows of another run may be of another machine.
  private func checkRun(_ file: String, _ runs: [String]) throws {
    guard let stranger = runs.first(where: { $0 != environment.run }) else { return }
    throw ResultsError(
      .data, file: file, column: "run",
      reason: "a row of run \(stranger.quotedForError) in the folder of \(environment.run)",
      remedy: "keep each run in its own folder")
  }

  /// A total per token needs to know all layers of a model.
  private func checkLayers(_ file: String) throws {
    let layers = Dictionary(
      environment.models.map { ($0.slug, Set($0.layers)) }, uniquingKeysWith: { $0.union($1) })
    guard
      let row = kernels.first(where: {
        guard !$0.model.isEmpty, let known = layers[$0.model] else { return !$0.model.isEmpty }
        return $0.cache != .ring && !known.contains($0.layer)
      })
    else { return }
    throw ResultsError(
      .data, file: file, column: "layer",
      reason: "environment.json lists no layer \(row.layer.quotedForError) of \(row.model)",
      remedy: "keep the two files of one run together")
  }

  private func checkCases(_ file: String) throws {
    var seen: Set<[String]> = []
    for row in kernels {
      let layer = row.model.isEmpty ? "\(row.outFeatures)x\(row.inFeatures)" : row.layer
      // A kernel that anchors several groups has a row in the first, and in each where it failed.
      let group = row.status == .failed ? row.group ?? 1 : 1
      let isNew = seen.insert([
        row.kernel, row.model, layer, row.cache.rawValue, "\(row.tokens)", "\(row.threads)",
        "\(group)",
      ]).inserted
      guard !isNew else { continue }
      throw ResultsError(
        .data, file: file,
        reason:
          "two rows of \(row.kernel), layer \(layer.quotedForError), tokens \(row.tokens)",
        remedy: "keep one row a case")
    }
  }
}
