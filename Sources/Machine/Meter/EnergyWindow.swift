// EnergyWindow.swift: a span of time whose energy is measured.

internal import Synchronization

/// An open window: it began when it was made, and ends once.
///
/// Power sensors are sampled by a thread of the window, and counters that wrap are read by it now and
/// then. The thread inherits the affinity of the one that begins the window: begin from one that is not
/// pinned to a CPU that is measured.
public final class EnergyWindow: Sendable {
  private let recorder: EnergyRecorder
  private let meter: EnergyMeter
  private let source: String
  private let beginning: Double
  private let sampler: PeriodicThread?
  private let reading = Mutex<EnergyReading?>(nil)

  init(_ meter: EnergyMeter, source: String) throws(EnergyUnavailable) {
    self.meter = meter
    self.source = source
    let recorder = EnergyRecorder(meter)
    self.recorder = recorder
    beginning = recorder.sample()
    for (metered, integral) in zip(meter.channels, recorder.integrals) where metered.isCounted {
      if let reason = integral?.failure { throw EnergyUnavailable(reason: reason) }
    }
    let interval = recorder.samplingSeconds
    sampler =
      meter.samplesInBackground
      ? interval.map { PeriodicThread(every: $0) { recorder.sample() } } : nil
  }

  deinit {
    sampler?.cancel()
  }

  /// Reads all channels now; the window's own thread does so often enough.
  func sample() {
    recorder.sample()
  }

  /// Closes the window; a second call returns what the first did.
  public func end() -> EnergyReading {
    reading.withLock { reading in
      if let reading { return reading }
      sampler?.cancel()
      let seconds = recorder.sample() - beginning
      let closed = EnergyReading(
        meter: meter, source: source, integrals: recorder.integrals, seconds: seconds)
      reading = closed
      return closed
    }
  }
}

/// The integrals of all channels, fed by two threads.
private final class EnergyRecorder: Sendable {
  private let state: Mutex<[EnergyIntegral?]>
  private let clock: MeterClock

  /// Channels without a pulse have no integral.
  init(_ meter: EnergyMeter) {
    state = Mutex(
      meter.channels.map { metered in
        metered.updateSeconds.map { EnergyIntegral(metered.channel, updateSeconds: $0) }
      })
    clock = meter.clock
  }

  var integrals: [EnergyIntegral?] { state.withLock { $0 } }

  /// The shortest interval that a channel asks for.
  var samplingSeconds: Double? { integrals.compactMap { $0?.samplingSeconds }.min() }

  /// Adds one value to each integral.
  ///
  /// - Returns: The time just before the first was read; as it is so at both ends of a window, the time
  ///   that reading takes cancels.
  @discardableResult func sample() -> Double {
    state.withLock { integrals in
      let seconds = clock.now()
      for index in integrals.indices {
        guard let channel = integrals[index]?.channel else { continue }
        integrals[index]?.add(channel.read(), at: seconds)
      }
      return seconds
    }
  }
}

extension EnergyReading {
  fileprivate init(
    meter: EnergyMeter, source: String, integrals: [EnergyIntegral?], seconds: Double
  ) {
    let domains = zip(meter.channels, integrals).map { metered, integral in
      EnergyDomain(
        name: metered.channel.name, scope: metered.channel.scope, isCounted: metered.isCounted,
        joules: metered.energy(of: integral, in: seconds))
    }
    let counted = domains.filter(\.isCounted)
    let reasons = counted.compactMap(\.joules.reason)
    self.init(
      source: source, seconds: seconds, minimumSeconds: meter.countedMinimumSeconds,
      joules: reasons.first.map { .unavailable(reason: $0) }
        ?? .value(counted.compactMap(\.joules.value).reduce(0, +)),
      domains: domains)
  }
}

extension MeteredChannel {
  /// Judges an integral at the end of its window.
  fileprivate func energy(of integral: EnergyIntegral?, in seconds: Double) -> Availability<Double>
  {
    guard let integral, let minimumSeconds, let updateSeconds else {
      return .unavailable(reason: state.reason ?? "\(channel.place): not measured")
    }
    if let failure = integral.failure { return .unavailable(reason: failure) }
    // Sums of equal intervals may miss what they add up to by a rounding.
    guard seconds >= minimumSeconds * (1 - 1e-9) else {
      let times = seconds > 0 ? " (\(Int((minimumSeconds / seconds).rounded(.up))) times this)" : ""
      return .unavailable(
        reason: "\(channel.name) is renewed every \(quantity(updateSeconds, "s")), so a window of "
          + "\(quantity(seconds, "s")) is too short: repeat the work for "
          + "\(quantity(minimumSeconds, "s"))\(times)")
    }
    guard integral.joules > 0 else {
      let verb =
        switch channel.quantity {
        case .counter: "does not advance"
        case .power: "says 0 W"
        }
      return .unavailable(reason: "\(channel.place): \(verb) in \(quantity(seconds, "s"))")
    }
    return .value(integral.joules)
  }
}
