internal import Results

extension RunReport {
  /// The title and the environment in three lines.
  var opening: String {
    let environment = run.environment
    let (processor, system, program) =
      (environment.processor, environment.system, environment.program)

    let caches =
      switch processor.caches {
      case .value(let caches): caches.map(text).joined(separator: ", ")
      case .unavailable(let reason): "caches: unavailable (\(reason))"
      }
    let features = processor.features.isEmpty ? "none" : processor.features.joined(separator: ", ")
    let memory = text(system.memoryBytes) { Numbers.bytes($0) }
    let modified = program.modified.value == true ? " (modified)" : ""
    let lines = [
      """
      **Processor**: \(text(processor.model)), \
      \(Numbers.count(processor.logicalProcessors, "logical processor")); \(caches); \
      kernels may use: \(features)
      """,
      """
      **System**: \(text(system.name)), kernel: \(text(system.kernel)), \
      \(system.architecture), hypervisor: \(text(system.hypervisor)), memory: \(memory), \
      pages of \(Numbers.bytes(system.pageBytes)), transparent huge pages: \
      \(text(system.transparentHugePages)), governor: \
      \(text(processor.governor))
      """,
      """
      **Program**: ternbench \(program.version), commit: \(text(program.commit))\
      \(modified), \(program.configuration), compiler: \(text(program.compiler)), \
      flags: \(text(program.flags)), seeds: \(environment.seeds.map(String.init).joined(separator: ", "))
      """,
      emulation,
    ].filter { !$0.isEmpty }
    let title = "# ternbench on \(processor.model.value ?? environment.host), \(environment.utc)"
    return Markdown.cell(title) + "\n\n" + lines.map { "- \(Markdown.cell($0))\n" }.joined()
  }

  /// Where the numbers are and what measured them.
  var source: String {
    """
    ## The data

    Generated from run `\(run.environment.run)` (kernels.csv, \
    \(run.isEmulated ? "" : "samples.csv, ceilings.csv, ")\
    \(run.counters.isEmpty ? "" : "counters.csv, ")environment.json), which was measured by

        \(Markdown.line(run.environment.commandLine.joined(separator: " ")))

    Each row of kernels.csv holds the command that repeats it.

    """
  }

  private func text(_ cache: RunEnvironment.Cache) -> String {
    let kind = ["data": "d", "instruction": "i"][cache.type.lowercased()] ?? ""
    return "L\(cache.level)\(kind) \(Numbers.bytes(cache.bytes))"
  }

  private func text<Value>(
    _ observed: Observed<Value>, _ describe: (Value) -> String = { "\($0)" }
  ) -> String {
    switch observed {
    case .value(let value): describe(value)
    case .unavailable(let reason): "unavailable (\(reason))"
    }
  }
}
