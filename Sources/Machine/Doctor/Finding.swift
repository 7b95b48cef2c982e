// Finding.swift: one thing that the doctor looked at.

/// What was found of one thing that moves a measurement, and the command that would mend it.
public struct Finding: Sendable, Equatable, Codable {
  public enum Level: String, Sendable, Codable {
    /// As a measurement wants it.
    case ok
    /// It will be felt in the numbers, or it hides some of them.
    case warn
    /// The machine does not tell, or does not have it.
    case unavailable
  }

  /// "governor".
  public let topic: String
  public let level: Level
  /// What was found, or why nothing was.
  public let text: String
  /// A command; nil where there is nothing to mend or no command mends it.
  public let remedy: String?
}

extension Finding {
  static func ok(_ topic: String, _ text: String) -> Finding {
    Finding(topic: topic, level: .ok, text: text, remedy: nil)
  }

  static func warn(_ topic: String, _ text: String, remedy: String? = nil) -> Finding {
    Finding(topic: topic, level: .warn, text: text, remedy: remedy)
  }

  static func unavailable(_ topic: String, _ reason: String, remedy: String? = nil) -> Finding {
    Finding(topic: topic, level: .unavailable, text: reason, remedy: remedy)
  }

  /// What a value says, or that it is not to be had.
  static func of<Value>(
    _ topic: String, _ value: Availability<Value>, remedy: String? = nil,
    _ finding: (Value) -> Finding
  ) -> Finding {
    switch value {
    case .value(let value): finding(value)
    case .unavailable(let reason): unavailable(topic, reason, remedy: remedy)
    }
  }
}
