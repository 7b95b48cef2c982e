// EnergyChoice.swift: which channels may be added up without counting a joule twice.

/// The channels of a total, or why there is none.
struct EnergyChoice {
  /// The names, in the order of the channels.
  let counted: Availability<[String]>
  private let channels: [EnergyChannel]

  /// Chooses by scope, or as the user says.
  ///
  /// - Parameters:
  ///   - channels: All of one source.
  ///   - pulses: Theirs.
  ///   - names: The user's choice; empty for packages and memory, else the whole machine, else the rail.
  init(_ channels: [EnergyChannel], _ pulses: [EnergyPulse], counting names: [String]) {
    self.channels = channels
    let chosen =
      names.isEmpty ? Self.byScope(channels) : Self.byName(names, of: channels)
    counted = chosen.flatMap { chosen in
      var living: [String] = []
      for (channel, pulse) in zip(channels, pulses) where chosen.contains(channel.name) {
        switch pulse {
        case .alive: living.append(channel.name)
        // Some processors show a memory counter that they do not have. The label then lacks memory.
        case .still where channel.scope == .memory && names.isEmpty: break
        case .still(let reason), .unreadable(let reason): return .unavailable(reason: reason)
        }
      }
      return .value(living)
    }
  }

  /// "rapl: package-0 + dram": each channel in short, since what it is in stands before it.
  func label(_ source: String) -> Availability<String> {
    counted.map { counted in
      let names = channels.filter { counted.contains($0.name) }.map { channel in
        let holder = channel.name.dropLast(channel.shortName.count + 1)
        return counted.contains(String(holder)) ? channel.shortName : channel.name
      }
      return "\(source): \(names.joined(separator: " + "))"
    }
  }

  private static func byScope(_ channels: [EnergyChannel]) -> Availability<Set<String>> {
    func names(_ scopes: EnergyScope...) -> [String] {
      channels.filter { scopes.contains($0.scope) }.map(\.name)
    }
    // What cannot be named may be a package, and a sum without one of the packages is no sum.
    if let unknown = channels.first(where: { $0.scope == .undetermined }) {
      return .unavailable(reason: unknown.read().reason ?? "\(unknown.place): unknown")
    }
    if !names(.package).isEmpty { return .value(Set(names(.package, .memory))) }
    for scope in [EnergyScope.platform, .rail] {
      let candidates = names(scope)
      if candidates.count == 1 { return .value(Set(candidates)) }
      guard candidates.isEmpty else {
        return .unavailable(
          reason:
            "which of \(quoted(candidates)) are the processor's, and do not overlap, only you "
            + "can know: name them")
      }
    }
    return .unavailable(reason: "no package among \(quoted(channels.map(\.name)))")
  }

  private static func byName(
    _ names: [String], of channels: [EnergyChannel]
  ) -> Availability<Set<String>> {
    var chosen: [EnergyChannel] = []
    for name in names {
      guard let channel = channels.first(where: { $0.name == name }) else {
        return .unavailable(
          reason: "no channel \"\(name)\"; there are \(quoted(channels.map(\.name)))")
      }
      chosen.append(channel)
    }
    for (index, channel) in chosen.enumerated() {
      for other in chosen[..<index] where overlap(channel, other) {
        return .unavailable(
          reason: "\"\(channel.name)\" and \"\(other.name)\" overlap: count one of them")
      }
    }
    return .value(Set(names))
  }

  /// Whether two channels are known to share joules.
  private static func overlap(_ one: EnergyChannel, _ other: EnergyChannel) -> Bool {
    let scopes: Set = [one.scope, other.scope]
    if one.name == other.name || scopes.contains(.platform) || scopes.contains(.duplicate) {
      return true
    }
    return scopes == [.package, .part]
  }

  private static func quoted(_ names: [String]) -> String {
    names.map { "\"\($0)\"" }.joined(separator: ", ")
  }
}
