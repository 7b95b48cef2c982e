internal import Machine

/// Measures the energy of calls of a kernel with what the machine has for it, or says why it cannot.
///
/// The calls are extra ones: a window has to be longer than a sample, and nothing is timed in it.
struct KernelMeter {
  private let meter: EnergyMeter
  private let idle: Availability<IdlePower>

  /// The energy of one call, as a row holds it.
  struct Energy: Equatable {
    /// Above the idle machine.
    var netJoules: Double?
    /// As the meter counted it.
    var grossJoules: Double?
    /// What was added up; empty where there is no meter.
    var source = ""
    /// Why there is no energy; empty where there is.
    var reason = ""
    var idleWatts: Double?
    var windowSeconds: Double?
  }

  /// Takes a meter, and measures the idle machine where it can measure at all.
  init(_ meter: EnergyMeter) {
    self.meter = meter
    idle =
      switch meter.source {
      case .value: meter.measureIdle()
      case .unavailable(let reason): .unavailable(reason: reason)
      }
  }

  /// A window is this much longer than it must be, since calls do not all take the same time.
  private static let reserve = 1.2
  /// How often a window that came out too short is tried again, with twice the calls.
  private static let attempts = 4

  /// Measures some calls, as many as a window needs.
  ///
  /// - Parameters:
  ///   - callSeconds: About how long one call takes.
  ///   - run: Makes so many calls.
  /// - Returns: The energy of one call, or at once the reason where nothing can be measured.
  /// - Throws: What `run` throws.
  func energy<Failure: Error>(
    callSeconds: Double, run: (_ calls: Int) throws(Failure) -> Void
  ) throws(Failure) -> Energy {
    guard case .value(let minimum) = meter.minimumSeconds else {
      return Energy(reason: meter.minimumSeconds.reason ?? "")
    }
    var calls = max(1, Int((Self.reserve * minimum / max(callSeconds, 1e-9)).rounded(.up)))
    var attempt = 1
    while true {
      let window: EnergyWindow
      do {
        window = try meter.begin()
      } catch {
        return Energy(reason: error.reason)
      }
      try run(calls)
      let reading = window.end()
      if reading.seconds < minimum, attempt < Self.attempts {
        attempt += 1
        calls *= 2
        continue
      }
      return energy(reading, calls: calls)
    }
  }

  private func energy(_ reading: EnergyReading, calls: Int) -> Energy {
    let net = idle.flatMap { reading.joules(above: $0) }
    return Energy(
      netJoules: net.value.map { $0 / Double(calls) },
      grossJoules: reading.joules.value.map { $0 / Double(calls) }, source: reading.source,
      reason: net.reason ?? "", idleWatts: idle.value?.watts, windowSeconds: reading.seconds)
  }
}
