// EnergyMeter.swift: measures energy with what the machine has, or says why it cannot.

/// Measures the energy of spans of time.
///
/// Everything it returns comes from a hardware counter or sensor. Where there is none, it is unavailable
/// with the reason; nothing is ever derived from load, from a processor's rating or from a price list.
///
///     let meter = EnergyMeter.open()
///     let idle = meter.measureIdle()
///     let window = try meter.begin()
///     // … the work, repeated for at least meter.minimumSeconds …
///     let reading = window.end()
public struct EnergyMeter: Sendable {
  /// What was found on this machine, channel by channel.
  public let report: MeterReport

  let channels: [MeteredChannel]
  let clock: MeterClock
  /// Whether windows have a thread that samples; a test samples itself.
  let samplesInBackground: Bool

  /// What the totals add up, "rapl: package-0 + dram", or why there are none.
  public var source: Availability<String> { report.source }

  /// How long a window has to be, at least; a shorter one yields a reason in place of energy.
  public var minimumSeconds: Availability<Double> {
    source.map { _ in countedMinimumSeconds }
  }

  var countedMinimumSeconds: Double {
    channels.filter(\.isCounted).compactMap(\.minimumSeconds).max() ?? 0
  }

  /// Begins to measure.
  ///
  /// - Throws: Why nothing can be measured, or what has become unreadable since the meter was opened.
  public func begin() throws(EnergyUnavailable) -> EnergyWindow {
    switch source {
    case .unavailable(let reason): throw EnergyUnavailable(reason: reason)
    case .value(let source): return try EnergyWindow(self, source: source)
    }
  }

  /// Measures the power of the machine while the calling thread sleeps.
  ///
  /// - Parameter seconds: How long, at least; a longer time if the meter needs one.
  /// - Returns: The power of the same channels that a reading's total adds up.
  public func measureIdle(seconds: Double = 2) -> Availability<IdlePower> {
    do {
      let window = try begin()
      clock.sleep(max(seconds, countedMinimumSeconds))
      let reading = window.end()
      return reading.joules.map {
        IdlePower(source: reading.source, watts: $0 / reading.seconds, seconds: reading.seconds)
      }
    } catch {
      return .unavailable(reason: error.reason)
    }
  }
}

extension EnergyMeter {
  /// Looks for a meter and watches its channels until their pace is known, for two seconds at most.
  ///
  /// The first kind of source that has channels is the meter, and what it lacks is not made up for by
  /// another: counters that only root may read are a thing to be put right, not to be passed over.
  ///
  /// - Parameters:
  ///   - names: The channels whose energy is added up; where empty, what their scopes allow.
  ///   - relativeError: How much of a window's energy may be lost or gained at its ends.
  ///   - root: Where the system's file tree begins; tests give a folder of their own.
  /// - Returns: The meter; where nothing can be measured, one that says why.
  public static func open(
    counting names: [String] = [], relativeError: Double = 0.01, root: String = "/"
  ) -> EnergyMeter {
    let files = MeterFiles(root: root)
    // PAPI asks the machine itself, not a file tree of a test's.
    let papi: [any EnergySource] = root == "/" ? [PAPISource(library: PAPIEnergyEvents())] : []
    return EnergyMeter(
      sources: [PowercapSource(files: files)] + papi + [HwmonSource(files: files)],
      counting: names, relativeError: relativeError, clock: .system, samplesInBackground: true)
  }

  init(
    sources: [any EnergySource], counting names: [String] = [], relativeError: Double,
    clock: MeterClock, samplesInBackground: Bool
  ) {
    self.clock = clock
    self.samplesInBackground = samplesInBackground
    var absent: [String] = []
    for source in sources {
      switch source.channels() {
      case .unavailable(let reason): absent.append("\(source.name): \(reason)")
      case .value(let found):
        let pulses = EnergyPulse.measure(found, clock: clock)
        let choice = EnergyChoice(found, pulses, counting: names)
        channels = zip(found, pulses).map { channel, pulse in
          MeteredChannel(
            channel: channel, pulse: pulse, relativeError: relativeError,
            isCounted: choice.counted.value?.contains(channel.name) ?? false)
        }
        report = MeterReport(
          source: choice.label(source.name), absent: absent, relativeError: relativeError,
          metered: channels)
        return
      }
    }
    channels = []
    report = MeterReport(
      source: .unavailable(reason: absent.joined(separator: "; ")), absent: absent,
      relativeError: relativeError, metered: [])
  }
}

/// A channel with what the meter knows of it.
struct MeteredChannel: Sendable {
  let channel: EnergyChannel
  let pulse: EnergyPulse
  let relativeError: Double
  let isCounted: Bool

  /// The time between two of its values, or why it has none.
  var state: Availability<Double> {
    switch pulse {
    case .alive(let updateSeconds): .value(updateSeconds)
    case .still(let reason), .unreadable(let reason): .unavailable(reason: reason)
    }
  }

  var updateSeconds: Double? { state.value }

  /// At each end of a window, energy of up to one interval belongs to the wrong side.
  var minimumSeconds: Double? { updateSeconds.map { $0 / relativeError } }
}
