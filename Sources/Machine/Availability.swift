// Availability.swift: a fact about the machine, or why it could not be had.

/// A value, or the reason why there is none.
///
/// Most of what a benchmark wants to know about its machine is missing on some machine. Such a fact
/// is never a zero or a blank: it carries the reason to the results and to the report.
public enum Availability<Value> {
  case value(Value)
  case unavailable(reason: String)

  /// The value, or nil where it is unavailable.
  public var value: Value? {
    if case .value(let value) = self { value } else { nil }
  }

  /// Why there is no value, or nil where there is one.
  public var reason: String? {
    if case .unavailable(let reason) = self { reason } else { nil }
  }

  /// Returns the value transformed, or the same reason.
  public func map<Other>(_ transform: (Value) throws -> Other) rethrows -> Availability<Other> {
    switch self {
    case .value(let value): .value(try transform(value))
    case .unavailable(let reason): .unavailable(reason: reason)
    }
  }

  /// Returns what the transformation makes of the value, or the same reason.
  public func flatMap<Other>(
    _ transform: (Value) throws -> Availability<Other>
  ) rethrows -> Availability<Other> {
    switch self {
    case .value(let value): try transform(value)
    case .unavailable(let reason): .unavailable(reason: reason)
    }
  }
}

extension Availability: Sendable where Value: Sendable {}
extension Availability: Equatable where Value: Equatable {}

extension Availability: CustomStringConvertible {
  public var description: String {
    switch self {
    case .value(let value): "\(value)"
    case .unavailable(let reason): "unavailable: \(reason)"
    }
  }
}

/// Encoded as `{"value": …}` or `{"unavailable": "reason"}`, so that a reader cannot confuse the two.
private enum AvailabilityKey: String, CodingKey {
  case value, unavailable
}

extension Availability: Encodable where Value: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AvailabilityKey.self)
    switch self {
    case .value(let value): try container.encode(value, forKey: .value)
    case .unavailable(let reason): try container.encode(reason, forKey: .unavailable)
    }
  }
}

extension Availability: Decodable where Value: Decodable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AvailabilityKey.self)
    if let reason = try container.decodeIfPresent(String.self, forKey: .unavailable) {
      self = .unavailable(reason: reason)
    } else {
      self = .value(try container.decode(Value.self, forKey: .value))
    }
  }
}
