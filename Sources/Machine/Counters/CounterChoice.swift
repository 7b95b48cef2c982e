// CounterChoice.swift: the sources of counts by name.

/// Which source of counts to use.
public enum CounterChoice: String, Sendable, CaseIterable {
  /// Hardware events through PAPI.
  case papi
  /// Events of the operating system.
  case software
  /// Instructions, by single-stepping.
  case step
  /// Instructions and loads, by the plug-in of the emulator that runs this program.
  case plugin
  /// Nothing.
  case none

  /// Whether kernels are counted without being timed: an emulator's times say nothing of any processor.
  public var replacesTiming: Bool { self == .plugin }

  /// Opens the source.
  ///
  /// - Parameter stepLimit: Instructions after which single-stepping gives up.
  /// - Returns: The source, or why this machine has none.
  public func open(
    stepLimit: Int = InstructionStepper.defaultLimit
  ) -> Availability<any CounterSource> {
    switch self {
    case .papi: PAPICounters.open().map { $0 }
    case .software: .value(SoftwareCounters())
    case .step: .value(StepCounters(InstructionStepper(limit: stepLimit)))
    case .plugin: PluginCounters.open().map { $0 }
    case .none: .unavailable(reason: "nobody asked for counters: --counters none")
    }
  }
}
