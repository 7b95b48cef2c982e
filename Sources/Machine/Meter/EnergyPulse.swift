// EnergyPulse.swift: how often each channel's number is renewed, found by watching it.

/// Whether a channel lives, and at what pace.
enum EnergyPulse: Sendable, Equatable {
  /// Its number is renewed every so many seconds.
  case alive(updateSeconds: Double)
  /// It can be read but stays where it is.
  case still(reason: String)
  case unreadable(reason: String)
}

extension EnergyPulse {
  /// How long a channel is watched that shows no change.
  static let patienceSeconds = 2.0
  /// A pace is believed after so many changes.
  private static let enoughChanges = 8
  private static let finestPollSeconds = 100e-6
  /// Polls are further apart the longer they go on, so that a pace is wrong by a part in this many.
  private static let pollsPerElapsed = 64.0

  /// Watches channels together until the pace of each is known or patience ends.
  static func measure(_ channels: [EnergyChannel], clock: MeterClock) -> [EnergyPulse] {
    let start = clock.now()
    var observations = channels.map { Observation($0) }
    while true {
      let elapsed = clock.now() - start
      let isWatching = observations.contains { $0.needsMore(enoughChanges) }
      guard isWatching, elapsed < patienceSeconds else { break }
      let pause = min(elapsed / pollsPerElapsed, patienceSeconds - elapsed)
      clock.sleep(max(finestPollSeconds, pause))
      for index in observations.indices where observations[index].needsMore(enoughChanges) {
        observations[index].look(at: clock.now())
      }
    }
    let watched = clock.now() - start
    return observations.map { $0.pulse(after: watched) }
  }
}

private struct Observation {
  let channel: EnergyChannel
  var last: Availability<UInt64>
  var changes = 0
  var firstChange = 0.0
  var lastChange = 0.0

  /// Of what can never be counted nothing is read: a graphics card would wake up for it.
  init(_ channel: EnergyChannel) {
    self.channel = channel
    last =
      switch channel.scope {
      case .foreign, .duplicate: .unavailable(reason: "not read: \(channel.scope.explanation)")
      default: channel.read()
      }
  }

  func needsMore(_ enough: Int) -> Bool {
    if last.value == nil { return false }
    if case .power(.some) = channel.quantity { return false }
    return changes < enough
  }

  mutating func look(at seconds: Double) {
    let next = channel.read()
    defer { last = next }
    guard let value = next.value, value != last.value else { return }
    if changes == 0 { firstChange = seconds }
    lastChange = seconds
    changes += 1
  }

  func pulse(after watched: Double) -> EnergyPulse {
    if let reason = last.reason { return .unreadable(reason: reason) }
    if case .power(let declared?) = channel.quantity { return .alive(updateSeconds: declared) }
    if changes >= 2 {
      return .alive(updateSeconds: (lastChange - firstChange) / Double(changes - 1))
    }
    // Power may well stand still, but at a pace that is slower than what has been watched.
    if case .counter = channel.quantity, changes == 0, let value = last.value {
      let time = quantity(watched, "s")
      return .still(reason: "\(channel.place): stands at \(value) uJ, does not advance in \(time)")
    }
    return .alive(updateSeconds: watched)
  }
}
