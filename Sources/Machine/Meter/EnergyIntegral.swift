// EnergyIntegral.swift: the energy of one channel since a window began, from its successive values.

/// Adds up a counter's advances over its wraps, or a sensor's power over time.
struct EnergyIntegral: Sendable {
  let channel: EnergyChannel
  /// How often it wants a value while a window is open; nil if the two ends suffice.
  let samplingSeconds: Double?
  private(set) var joules = 0.0
  /// Why there is no energy; what follows the first failure is not used.
  private(set) var failure: String?

  private let gapSeconds: Double
  private var last: (value: UInt64, seconds: Double)?

  /// A sensor is read no more often than this, so that reading it does not become the load.
  private static let finestSamplingSeconds = 0.01
  /// So many values in a row may be late before a sensor counts as not watched.
  private static let missableSamples = 10.0
  /// Values of a counter per time in which it could wrap: two may be lost.
  private static let samplesPerWrap = 3.0
  /// A counter's value may be this old, and its advance that much more than the time between reads says.
  private static let stalenessSeconds = 1.0

  init(_ channel: EnergyChannel, updateSeconds: Double) {
    self.channel = channel
    switch channel.quantity {
    case .counter:
      gapSeconds = channel.quantity.wrapSeconds ?? .infinity
      samplingSeconds = channel.quantity.wrapSeconds.map { $0 / Self.samplesPerWrap }
    case .power:
      let sampling = max(updateSeconds, Self.finestSamplingSeconds)
      gapSeconds = max(1, Self.missableSamples * sampling)
      samplingSeconds = sampling
    }
  }

  /// Takes the next value; the first is where the window begins.
  mutating func add(_ reading: Availability<UInt64>, at seconds: Double) {
    guard failure == nil else { return }
    guard let value = reading.value else {
      failure = reading.reason
      return
    }
    defer { last = (value, seconds) }
    guard let last else { return }
    let elapsed = seconds - last.seconds
    guard elapsed < gapSeconds else {
      failure = tooLate(elapsed)
      return
    }
    switch channel.quantity {
    case .counter(let range): advance(from: last.value, to: value, range: range, in: elapsed)
    case .power:
      // The power between two values is taken to be on the line from one to the other.
      joules += (Double(last.value) + Double(value)) / 2 * 1e-6 * elapsed
    }
  }

  private mutating func advance(
    from last: UInt64, to value: UInt64, range: UInt64?, in elapsed: Double
  ) {
    if value >= last {
      joules += Double(value - last) * 1e-6
      return
    }
    // Sooner than the gap there is at most one wrap. What no wrap explains is a counter that was reset,
    // by a suspended machine or a reloaded driver.
    guard let range else {
      failure = "\(channel.place): went back from \(last) to \(value) uJ; was the driver reloaded?"
      return
    }
    let wrapped = (Double(range - last) + Double(value)) * 1e-6
    guard wrapped <= EnergyQuantity.wattLimit * (elapsed + Self.stalenessSeconds) else {
      failure =
        "\(channel.place): went back from \(last) to \(value) uJ, which as a wrap at \(range) would be "
        + "\(quantity(wrapped, "J")) in \(quantity(elapsed, "s")): the counter was reset"
      return
    }
    joules += wrapped
  }

  private func tooLate(_ elapsed: Double) -> String {
    let time = quantity(elapsed, "s")
    let limit = quantity(gapSeconds, "s")
    return switch channel.quantity {
    case .counter:
      "\(channel.place): not read for \(time); after \(limit) a second wrap cannot be excluded"
    case .power: "\(channel.place): not read for \(time), and its power is unknown after \(limit)"
    }
  }
}
