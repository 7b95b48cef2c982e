/// Seconds of each stage of one call, averaged over a sample's calls.
struct Sample: Sendable, Codable {
  var quantize = 0.0
  var prepare = 0.0
  var compute = 0.0
  /// Of a ring, `compute` by step; empty elsewhere.
  var steps: [Double] = []
  /// How many calls the sample was averaged over.
  var calls = 1
  /// The sample's place in the run.
  var order = 0

  var time: Double { Sample.rounded(quantize + prepare + compute) }

  /// The stages times a factor, in the steps that files have.
  func scaled(by factor: Double) -> Sample {
    Sample(
      quantize: Sample.rounded(factor * quantize), prepare: Sample.rounded(factor * prepare),
      compute: Sample.rounded(factor * compute), steps: steps.map { Sample.rounded(factor * $0) },
      calls: calls, order: order)
  }

  /// Adds the stages of another call.
  mutating func add(_ other: Sample) {
    quantize += other.quantize
    prepare += other.prepare
    compute += other.compute
    steps = steps.isEmpty ? other.steps : zip(steps, other.steps).map { $0 + $1 }
  }

  /// In steps of 0.1 ns: finer digits would be noise in files.
  static func rounded(_ seconds: Double) -> Double {
    (seconds * 1e10).rounded() / 1e10
  }
}
