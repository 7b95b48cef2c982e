public import Results

/// The page of several runs that counted instructions: each kernel of each, side by side.
///
/// A pure function of the runs' folders. It has no times, so it may mix machines.
public struct CountsPage {
  private let runs: [Run]
  private let table: CountsTable

  /// Reads the folders of runs; nil if none of them has exact counts.
  ///
  /// - Throws: `ResultsError` if a file is bad.
  public init?(_ folders: [RunFolder]) throws {
    self.init(try folders.map { try Run($0) })
  }

  init?(_ runs: [Run]) {
    self.runs = runs
    table = CountsTable(runs)
    if table.isEmpty { return nil }
  }

  /// Writes the page beside the newest run's own, and returns its path.
  public func write(to folder: String) throws -> String {
    let path = "\(folder)/\(runs.map(\.environment.run).max() ?? "")"
    try RunFolder.makeFolders(path)
    try AtomicFile.write(markdown, to: "\(path)/counts.md")
    return "\(path)/counts.md"
  }

  /// The page.
  public var markdown: String {
    let sources = runs.map { run in
      let environment = run.environment
      return
        "- \(Markdown.cell(environment.processorName)), \(environment.system.architecture): run "
        + "`\(environment.run)`, commit \(environment.program.commit.value ?? "unknown"), compiled by "
        + "\(Markdown.line(environment.program.compiler.value ?? "an unknown compiler")), measured by\n\n"
        + "      \(Markdown.line(environment.commandLine.joined(separator: " ")))\n"
    }
    return """
      # Every kernel in instructions

      \(CountsTable.guide)
      A kernel that several runs of one architecture count alike is listed with the first of them.

      \(table.text)
      ## The runs

      \(sources.joined(separator: "\n"))
      """
  }
}
