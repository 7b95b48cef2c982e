// FakeEnergy.swift: a machine whose counters run with a clock that the test turns.

import Synchronization

@testable import Machine

/// A counter file and the power that drives it.
struct FakeCounter {
  /// Below the root: "/sys/class/powercap/intel-rapl:0/energy_uj".
  let file: String
  var watts: Double
  var updateSeconds = 0.001
  var microjoules: UInt64 = 5_000_000
  var range: UInt64?
}

/// A file tree with counters in it, and the time.
final class FakeEnergy: Sendable {
  static let powercap = "/sys/class/powercap"
  /// What Intel's unit of 61 uJ gives for 32 bits.
  static let usualRange: UInt64 = 262_143_328_850

  // FakeRoot is not Sendable, but here only ever used under the lock.
  private struct State: @unchecked Sendable {
    let root: FakeRoot
    var counters: [FakeCounter] = []
    var written: [String: UInt64] = [:]
    var seconds = 0.0
    var starts: [String: Double] = [:]
  }
  private let state: Mutex<State>
  let path: String

  init(_ files: [String: String] = [:]) throws {
    let root = try FakeRoot(files)
    path = root.path
    state = Mutex(State(root: root))
  }

  /// Adds a RAPL zone.
  func zone(
    _ folder: String, _ name: String, watts: Double, updateSeconds: Double = 0.001,
    microjoules: UInt64 = 5_000_000, range: UInt64 = usualRange
  ) {
    write(name, to: "\(Self.powercap)/\(folder)/name")
    write("\(range)", to: "\(Self.powercap)/\(folder)/max_energy_range_uj")
    counter(
      FakeCounter(
        file: "\(Self.powercap)/\(folder)/energy_uj", watts: watts, updateSeconds: updateSeconds,
        microjoules: microjoules, range: range))
  }

  /// Adds a counter that runs from now on.
  func counter(_ counter: FakeCounter) {
    state.withLock { state in
      state.starts[counter.file] = state.seconds
      state.counters.append(counter)
      Self.update(&state)
    }
  }

  /// Stops writing a zone's counter.
  func freeze(_ folder: String) {
    state.withLock { state in
      state.counters.removeAll { $0.file == "\(Self.powercap)/\(folder)/energy_uj" }
    }
  }

  func write(_ text: String, to file: String) {
    state.withLock { try? $0.root.write(text, to: file) }
  }

  /// Overwrites a zone's counter, which stays so.
  func damage(_ folder: String, _ text: String) {
    freeze(folder)
    write(text, to: "\(Self.powercap)/\(folder)/energy_uj")
  }

  func remove(_ file: String) {
    state.withLock { state in
      state.counters.removeAll { $0.file.hasPrefix(file) }
      try? state.root.remove(file)
    }
  }

  func advance(_ seconds: Double) {
    state.withLock { state in
      state.seconds += seconds
      Self.update(&state)
    }
  }

  private static func update(_ state: inout State) {
    for counter in state.counters {
      // A hair more than the quotient, so that 0.003 / 0.001 is 3 updates.
      let elapsed = state.seconds - (state.starts[counter.file] ?? 0)
      let updates = (elapsed / counter.updateSeconds + 1e-6).rounded(.down)
      let energy = UInt64((counter.watts * updates * counter.updateSeconds * 1e6).rounded())
      var value = counter.microjoules + energy
      if let range = counter.range { value %= range }
      guard state.written[counter.file] != value else { continue }
      state.written[counter.file] = value
      try? state.root.write("\(value)", to: counter.file)
    }
  }

  var clock: MeterClock {
    MeterClock(
      now: { self.state.withLock(\.seconds) },
      sleep: { self.advance($0) })
  }

  /// Opens the meter that a machine with this tree would open, without threads.
  func meter(
    files: MeterFiles? = nil, counting names: [String] = [], relativeError: Double = 0.01
  ) -> EnergyMeter {
    let files = files ?? MeterFiles(root: path)
    return EnergyMeter(
      sources: [PowercapSource(files: files), HwmonSource(files: files)], counting: names,
      relativeError: relativeError, clock: clock, samplesInBackground: false)
  }

  /// Measures a span of fake time in steps, with a sample after each.
  func measure(_ meter: EnergyMeter, seconds: Double, steps: Int = 1) throws -> EnergyReading {
    let window = try meter.begin()
    for _ in 0..<steps {
      advance(seconds / Double(steps))
      window.sample()
    }
    return window.end()
  }
}

extension EnergyReading {
  /// The energy of a channel by name; nil where it has none.
  func joules(of name: String) -> Double? {
    domains.first { $0.name == name }?.joules.value
  }

  /// Why a channel has no energy.
  func reason(of name: String) -> String? {
    domains.first { $0.name == name }?.joules.reason
  }
}

/// Whether a value is there and within so much of another.
func isNear(_ value: Double?, _ expected: Double, within error: Double) -> Bool {
  value.map { abs($0 - expected) <= error } ?? false
}
