// EnergySource.swift: what every kind of energy meter offers, whatever hardware is behind it.

/// A kind of energy meter that a machine may have.
///
/// A further kind (a BMC, a wall meter) is one more type with this
/// protocol and one more line in `EnergyMeter.open`: it says which channels there are, what each of them
/// covers, and how one value is read. Wrap-around, sampling, update interval, idle power and the choice
/// of what may be added up are the meter's, the same for all.
protocol EnergySource: Sendable {
  /// The first word of the label of everything that this source measures: "rapl".
  var name: String { get }

  /// Finds the channels, those that cannot be read included; a reason where there are none at all.
  func channels() -> Availability<[EnergyChannel]>
}

/// One counter or sensor.
struct EnergyChannel: Sendable {
  /// Unique within the source, below the channel that holds it: "package-0/dram".
  let name: String
  /// The file that is read, or the nearest thing to one.
  let place: String
  let scope: EnergyScope
  let quantity: EnergyQuantity
  /// Reads the counter in microjoules or the sensor in microwatts.
  let read: @Sendable () -> Availability<UInt64>

  /// The last part of the name: "dram".
  var shortName: String { String(name.split(separator: "/").last ?? "") }
}

/// What a channel's number is.
enum EnergyQuantity: Sendable, Equatable {
  /// Energy since some moment in the past, in microjoules.
  ///
  /// It starts again from zero after `range`; without one it never does.
  case counter(range: UInt64?)
  /// Power now, in microwatts, renewed every `updateSeconds` if the driver says so.
  case power(updateSeconds: Double?)
}

extension EnergyQuantity {
  /// No single zone or rail draws more, so a counter cannot wrap sooner than its range at this power.
  ///
  /// It bounds how often counters have to be read and never becomes part of a figure. The hungriest
  /// processors of 2025 are rated at 500 W.
  static let wattLimit = 2000.0

  /// How long a counter may go unread before a second wrap cannot be excluded; nil if it never wraps.
  var wrapSeconds: Double? {
    guard case .counter(let range?) = self else { return nil }
    return Double(range) * 1e-6 / Self.wattLimit
  }
}

/// What a channel covers, which decides with what its energy may be added.
public enum EnergyScope: String, Sendable, Codable {
  /// A processor package: its cores and all that shares their die.
  case package
  /// Part of a package, contained in it.
  case part
  /// Memory, outside of every package.
  case memory
  /// The whole machine; contains everything else.
  case platform
  /// A supply rail of a board; what hangs on it, and on what it hangs, only the board's maker knows.
  case rail
  /// The same counter as another channel, reached through another register.
  case duplicate
  /// Something other than processor and memory, such as a graphics card.
  case foreign
  /// Not known, since the channel's name could not be read.
  case undetermined

  /// A few words for a table.
  var explanation: String {
    switch self {
    case .package: "package, with its cores and uncore"
    case .part: "inside its package"
    case .memory: "memory, outside the package"
    case .platform: "the whole machine"
    case .rail: "a supply rail"
    case .duplicate: "the same counter through another register"
    case .foreign: "not processor or memory"
    case .undetermined: "unknown"
    }
  }
}
