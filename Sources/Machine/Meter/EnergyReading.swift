// EnergyReading.swift: what a window measured, and what remains above an idle machine.

/// The energy of a window of time, or why there is none.
public struct EnergyReading: Sendable, Equatable, Codable {
  /// What the total adds up: "rapl: package-0 + dram".
  public let source: String
  /// How long the window was.
  public let seconds: Double
  /// How long a window has to be for the total to be as exact as was asked for.
  public let minimumSeconds: Double
  /// The total of the counted channels, idle power included; all of them or a reason.
  public let joules: Availability<Double>
  /// Each channel by itself, those that are not counted too; they overlap, so they must not be added.
  public let domains: [EnergyDomain]

  /// Takes off what an idle machine would have used in the same time.
  ///
  /// - Parameter idle: The idle power, measured with the same meter.
  /// - Returns: The net energy, or the reason of the gross, or that it does not stand out.
  public func joules(above idle: IdlePower) -> Availability<Double> {
    joules.flatMap { gross in
      guard idle.source == source else {
        return .unavailable(reason: "idle power is of \(idle.source), energy of \(source)")
      }
      let baseline = idle.watts * seconds
      guard gross > baseline else {
        return .unavailable(
          reason: "\(quantity(gross, "J")) in \(quantity(seconds, "s")) is not above the "
            + "\(quantity(idle.watts, "W")) of the idle machine")
      }
      return .value(gross - baseline)
    }
  }
}

/// The energy of one channel in a window.
public struct EnergyDomain: Sendable, Equatable, Codable {
  /// The channel's name, "package-0/dram".
  public let name: String
  public let scope: EnergyScope
  /// Whether the total contains it.
  public let isCounted: Bool
  public let joules: Availability<Double>
}

/// The power of the machine while this process sleeps.
public struct IdlePower: Sendable, Equatable, Codable {
  /// What was added up, as in a reading.
  public let source: String
  public let watts: Double
  /// How long was slept.
  public let seconds: Double

  public init(source: String, watts: Double, seconds: Double) {
    self.source = source
    self.watts = watts
    self.seconds = seconds
  }
}

/// There is nothing to measure energy with; says why, and what would help.
public struct EnergyUnavailable: Error, Equatable, CustomStringConvertible {
  public let reason: String

  public var description: String { "energy cannot be measured: \(reason)" }
}
