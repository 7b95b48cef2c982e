/// Something that may not be there to observe, and then why not.
public enum Observed<Value: Codable & Equatable & Sendable>: Equatable, Sendable {
  case value(Value)
  case unavailable(reason: String)

  /// The value, where there is one.
  public var value: Value? {
    guard case .value(let value) = self else { return nil }
    return value
  }

  /// Why there is no value, where there is none.
  public var reason: String? {
    guard case .unavailable(let reason) = self else { return nil }
    return reason
  }
}

// {"value": ...} or {"unavailable": "the reason"}: in a file too, never one without the other.
extension Observed: Codable {
  private enum CodingKeys: CodingKey { case value, unavailable }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if container.contains(.value) {
      self = .value(try container.decode(Value.self, forKey: .value))
    } else {
      self = .unavailable(reason: try container.decode(String.self, forKey: .unavailable))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .value(let value): try container.encode(value, forKey: .value)
    case .unavailable(let reason): try container.encode(reason, forKey: .unavailable)
    }
  }
}
