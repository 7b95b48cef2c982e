// Load.swift: who else uses the machine: other processes, and other guests of its host.

/// The processor time that the machine has spent since it started, and how much of it the host took.
public struct ProcessorTime: Sendable, Equatable, Codable {
  /// Ticks of all CPUs together, idle ones included.
  public let total: Int
  /// Ticks in which a CPU was ready to run and the hypervisor ran somebody else.
  public let stolen: Int

  /// The share of the time since an earlier reading that the hypervisor took; nil if no time passed.
  public func stolenShare(since earlier: ProcessorTime) -> Double? {
    guard total > earlier.total else { return nil }
    return Double(stolen - earlier.stolen) / Double(total - earlier.total)
  }

  /// Reads the first line of `/proc/stat`.
  public static func read(root: String = "/") -> Availability<ProcessorTime> {
    let files = SystemFiles(root: root)
    let path = "/proc/stat"
    return files.text(path).flatMap { text in
      let line = text.split(whereSeparator: \.isNewline).first ?? ""
      let words = line.split(separator: " ")
      let ticks = words.dropFirst().compactMap { Int($0) }
      // user nice system idle iowait irq softirq steal; guest time, which follows, is in user already.
      guard words.first == "cpu", ticks.count >= 8 else {
        return files.unexpected(line, at: path, expected: "processor time with its stolen part")
      }
      return .value(ProcessorTime(total: ticks[..<8].reduce(0, +), stolen: ticks[7]))
    }
  }
}

/// The average number of runnable processes.
public struct LoadAverage: Sendable, Equatable, Codable {
  public let oneMinute: Double
  public let fiveMinutes: Double
  public let fifteenMinutes: Double

  /// Reads `/proc/loadavg`.
  public static func read(root: String = "/") -> Availability<LoadAverage> {
    let files = SystemFiles(root: root)
    let path = "/proc/loadavg"
    return files.text(path).flatMap { text in
      let loads = text.split(separator: " ").prefix(3).compactMap { Double($0) }
      guard loads.count == 3 else {
        return files.unexpected(text, at: path, expected: "three averages")
      }
      return .value(
        LoadAverage(oneMinute: loads[0], fiveMinutes: loads[1], fifteenMinutes: loads[2]))
    }
  }
}
