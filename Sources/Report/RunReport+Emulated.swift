internal import Results

extension Run {
  /// Whether an emulator has counted, and nothing was timed.
  var isEmulated: Bool {
    kernels.contains { $0.status == .emulated } && !kernels.contains { $0.status == .ok }
  }
}

extension RunReport {
  /// The page of such a run: what each kernel executes, and nothing that looks like a speed.
  var emulatedPage: String {
    let sections = [opening, emulatedCounts, failures, missingCounts, source]
    return sections.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var emulatedCounts: String {
    """
    ## Instructions and loads a weight

    \(CountsTable.guide)
    \(CountsTable([run]).text)
    """
  }

  /// What of the counts is missing, with its reason.
  private var missingCounts: String {
    countReasons.isEmpty ? "" : "## Not counted\n" + countReasons
  }

  /// A line of the opening that no reader of times can miss; empty on a processor.
  var emulation: String {
    guard let emulator = run.environment.emulator else { return "" }
    return
      "**Emulated**: \(emulator). Counts of instructions are exact; times, rates and energy, where there are "
      + "any, are the emulator's and say nothing of a processor."
  }
}
