internal import Decoder
internal import Results

extension KernelRow {
  /// Sets the seconds of a ring's step.
  mutating func setSeconds(_ seconds: Double, ofStep name: String) {
    switch Part(rawValue: name) {
    case .qkv: qkvSeconds = seconds
    case .o: oSeconds = seconds
    case .gateUp: gateUpSeconds = seconds
    case .down: downSeconds = seconds
    default: preconditionFailure("no step \(name)")
    }
  }
}
