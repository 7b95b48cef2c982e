internal import Foundation

/// All of a run that a report needs, read and checked.
public struct Run: Equatable, Sendable {
  public let environment: RunEnvironment
  public let kernels: [KernelRow]
  /// Empty when the run measured none.
  public let ceilings: [CeilingRow]

  /// Creates a run from its parts.
  public init(environment: RunEnvironment, kernels: [KernelRow], ceilings: [CeilingRow]) {
    self.environment = environment
    self.kernels = kernels
    self.ceilings = ceilings
  }

  /// Reads the folder of a run.
  public init(_ folder: RunFolder) throws {
    environment = try RunEnvironment(contentsOf: folder.environment)
    kernels = try CSVReader(folder.kernels).rows
    ceilings = access(folder.ceilings, F_OK) == 0 ? try CSVReader(folder.ceilings).rows : []
    // Rows of another run may be of another machine.
    for (file, runs) in [
      (folder.kernels, kernels.map(\.run)), (folder.ceilings, ceilings.map(\.run)),
    ] {
      if let stranger = runs.first(where: { $0 != environment.run }) {
        throw ResultsError(
          .data, file: file, column: "run",
          reason: "a row of run \(stranger.quotedForError) in the folder of \(environment.run)",
          remedy: "keep each run in its own folder")
      }
    }
  }
}
