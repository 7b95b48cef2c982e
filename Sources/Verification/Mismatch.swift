public import MPGEMM

/// A rule of the kernel contract that a check can find broken.
public enum Rule: String, Sendable {
  case output = "output is not exact"
  case tolerance = "output is beyond the tolerance"
  case nmse = "normalised mean square error is above the declared"
  case packedBytes = "pack leaves bytes unwritten"
  case packedDamage = "pack's bytes cannot be moved or are written by compute"
  case unpack = "unpack does not give the weights back"
  case bitsPerWeight = "bits per weight are not the declared"
  case preparedBytes = "prepare leaves bytes unwritten or depends on its ranges"
  case scratch = "output depends on what scratch or prepared held before"
  case tiles = "output depends on the tiles"
  case outside = "output outside the tile is written"
  case threads = "output depends on the threads"
  case numerics = "output differs from a kernel of equal numerics"
  case plan = "plan is not usable"
  case counts = "operation counts are implausible"
}

/// Where and how a kernel deviates from what is right.
public struct Deviation: Sendable, Equatable {
  public let rule: Rule
  public let row: Int?
  public let token: Int?
  /// Numbers as text, since what is compared may be a weight, a byte or an output.
  public let got: String
  public let wanted: String

  init(_ rule: Rule, row: Int? = nil, token: Int? = nil, got: some Any, wanted: some Any) {
    self.rule = rule
    self.row = row
    self.token = token
    self.got = "\(got)"
    self.wanted = "\(wanted)"
  }
}

/// The first deviation of a kernel on a problem, as one line that can be repeated.
public struct Mismatch: Error, Sendable, CustomStringConvertible {
  public let kernel: String
  public let shape: Shape
  public let pattern: Pattern
  public let seed: UInt64
  public let deviation: Deviation

  public init(
    kernel: Kernel, shape: Shape, pattern: Pattern, seed: UInt64, deviation: Deviation
  ) {
    self.kernel = kernel.name
    self.shape = shape
    self.pattern = pattern
    self.seed = seed
    self.deviation = deviation
  }

  init(kernel: Kernel, problem: Problem, deviation: Deviation) {
    self.init(
      kernel: kernel, shape: problem.shape, pattern: problem.pattern, seed: problem.seed,
      deviation: deviation)
  }

  /// The command that repeats the check.
  public var reproduce: String {
    "ternbench verify --kernel '^\(kernel)$' --shape \(shape) --pattern \(pattern.rawValue) "
      + "--seed \(seed)"
  }

  /// What is wrong, without the command.
  public var summary: String {
    let place =
      (deviation.row.map { " at row \($0)" } ?? "")
      + (deviation.token.map { " token \($0)" } ?? "")
    return "\(kernel) \(shape) pattern \(pattern.rawValue) seed \(seed): \(deviation.rule.rawValue)"
      + "\(place): got \(deviation.got), wanted \(deviation.wanted)"
  }

  public var description: String { "\(summary); reproduce: \(reproduce)" }
}
