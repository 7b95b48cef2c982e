#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The parts that a forward pass's time is told apart by.
public enum Part: String, Sendable, CaseIterable {
  /// Quantizing activations and bringing them into the kernel's form.
  case quantize
  case qkv, o
  case gateUp = "gate_up"
  case down
  case attention
  /// Norms, activations, residual sums and the embedding.
  case norms
  case head

  /// What `bench --cache ring` measures: the ternary layers and the preparation of their inputs.
  public static let linear: [Part] = [.quantize, .qkv, .o, .gateUp, .down]
}

/// Seconds by part.
public struct Profile: Sendable, Equatable {
  private var seconds = [Double](repeating: 0, count: Part.allCases.count)

  public init() {}

  public subscript(part: Part) -> Double {
    get { seconds[Self.index[part] ?? 0] }
    set { seconds[Self.index[part] ?? 0] = newValue }
  }

  /// What was spent since an earlier reading.
  public func since(_ earlier: Profile) -> Profile {
    var spent = self
    for part in Part.allCases { spent[part] -= earlier[part] }
    return spent
  }

  public var total: Double { seconds.reduce(0, +) }

  private static let index = Dictionary(
    uniqueKeysWithValues: Part.allCases.enumerated().map { ($1, $0) })
}

/// Gives each part the time since the part before ended.
struct Stopwatch {
  private(set) var profile = Profile()
  private var last = Stopwatch.now()

  /// Ends a part.
  mutating func lap(_ part: Part) {
    let now = Self.now()
    profile[part] += now - last
    last = now
  }

  /// The monotonic clock, in seconds.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
