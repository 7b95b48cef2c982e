// Machine.swift: everything that a result records about the machine it was measured on.

/// The machine as it describes itself; what it does not tell carries the reason.
public struct Machine: Sendable, Equatable, Codable {
  public let cpu: CPU
  public let topology: Topology
  public let caches: Caches
  public let frequency: Frequency
  public let virtualization: Virtualization
  /// What executes even this program's own instructions in software; nil: nothing does.
  public let emulator: Availability<Emulator?>
  public let operatingSystem: OperatingSystem
  public let processorQuota: Availability<ProcessorQuota>
  public let loadAverage: Availability<LoadAverage>
  public let processorTime: Availability<ProcessorTime>
}

extension Machine {
  /// Reads the whole description; read it before measuring, from a thread that is not pinned.
  ///
  /// - Parameters:
  ///   - isa: The names of the usable instruction sets; this module does not probe the processor.
  ///   - root: Where the system's file tree begins; tests give a folder of their own.
  /// - Returns: The description; nothing in it is fatal.
  public static func read(isa: [String], root: String = "/") -> Machine {
    let topology = Topology.read(root: root)
    return Machine(
      cpu: CPU.read(isa: isa, root: root),
      topology: topology,
      caches: Caches.read(of: topology.allowed, root: root),
      frequency: Frequency.read(of: topology.allowed, root: root),
      virtualization: Virtualization.read(root: root),
      emulator: Emulator.read(root: root),
      operatingSystem: OperatingSystem.read(root: root),
      processorQuota: ProcessorQuota.read(root: root),
      loadAverage: LoadAverage.read(root: root),
      processorTime: ProcessorTime.read(root: root))
  }
}
