// MeterReport.swift: what a machine has to measure energy with, for people to read.

/// The channels of the meter, what they cover, and whether and how well they can be read.
public struct MeterReport: Sendable, Equatable, Codable {
  /// What totals add up, or why there are none.
  public let source: Availability<String>
  /// The kinds of source that this machine lacks, each with the reason.
  public let absent: [String]
  /// The error that the shortest windows allow for.
  public let relativeError: Double
  public let channels: [Channel]

  /// A counter or sensor as it was found.
  public struct Channel: Sendable, Equatable, Codable {
    public let name: String
    /// The file.
    public let place: String
    public let scope: EnergyScope
    public let isCounted: Bool
    /// The time between two of its values, or why it has none: permissions, or it stands still.
    public let updateSeconds: Availability<Double>
    /// The shortest window.
    public let minimumSeconds: Double?
    /// The longest time that it may go unread; nil if it does not wrap.
    public let wrapSeconds: Double?
  }
}

extension MeterReport {
  init(
    source: Availability<String>, absent: [String], relativeError: Double,
    metered: [MeteredChannel]
  ) {
    self.source = source
    self.absent = absent
    self.relativeError = relativeError
    channels = metered.map { metered in
      Channel(
        name: metered.channel.name, place: metered.channel.place, scope: metered.channel.scope,
        isCounted: metered.isCounted, updateSeconds: metered.state,
        minimumSeconds: metered.minimumSeconds,
        wrapSeconds: metered.channel.quantity.wrapSeconds)
    }
  }
}

extension MeterReport: CustomStringConvertible {
  /// Some lines: the total, the channels, and what is missing.
  public var description: String {
    var lines = ["energy: \(source)"]
    let shortest = channels.filter(\.isCounted).compactMap(\.minimumSeconds).max()
    if let shortest {
      // Thousandths of a percent are as fine as anyone asks for.
      let percent = (relativeError * 1e5).rounded() / 1e3
      let text = percent == percent.rounded() ? "\(Int(percent))" : "\(percent)"
      lines.append("  windows of \(quantity(shortest, "s")) or more are within \(text) %")
    }
    for channel in channels {
      let use = channel.isCounted ? "counted" : "not counted"
      lines.append("  \(channel.name): \(channel.scope.explanation); \(use); \(channel.pace)")
    }
    lines += absent.map { "  no \($0)" }
    return lines.joined(separator: "\n")
  }
}

extension MeterReport.Channel {
  fileprivate var pace: String {
    switch updateSeconds {
    case .unavailable(let reason): "unavailable: \(reason)"
    case .value(let seconds):
      "renewed every \(quantity(seconds, "s"))"
        + (wrapSeconds.map { ", wraps in \(quantity($0, "s")) at the soonest" } ?? "")
    }
  }
}
