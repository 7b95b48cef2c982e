/// Seconds of each stage of one call, averaged over a sample's calls.
struct Sample: Sendable, Codable {
  var quantize = 0.0
  var prepare = 0.0
  var compute = 0.0
  /// How many calls the sample was averaged over.
  var calls = 1
  /// The sample's place in the run.
  var order = 0

  var time: Double { Sample.rounded(quantize + prepare + compute) }

  /// In steps of 0.1 ns: finer digits would be noise in files.
  static func rounded(_ seconds: Double) -> Double {
    (seconds * 1e10).rounded() / 1e10
  }
}
