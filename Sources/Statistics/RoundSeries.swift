/// What one participant measured in rounds: at most one time a round, in the order of the rounds.
public struct RoundSeries: Equatable, Sendable {
  public private(set) var rounds: [Int] = []
  public private(set) var seconds: [Double] = []

  /// Takes times with the numbers of their rounds, in any order.
  ///
  /// - Precondition: No round twice, and all times above 0.
  public init(_ times: [(round: Int, seconds: Double)]) {
    for time in times.sorted(by: { $0.round < $1.round }) {
      precondition(time.round != rounds.last, "two samples in round \(time.round)")
      precondition(time.seconds > 0, "a time of \(time.seconds) s")
      rounds.append(time.round)
      seconds.append(time.seconds)
    }
  }

  /// The times of both in the rounds that both took part in.
  func paired(with other: RoundSeries) -> [(own: Double, other: Double)] {
    var pairs: [(own: Double, other: Double)] = []
    var (i, j) = (0, 0)
    while i < rounds.count, j < other.rounds.count {
      if rounds[i] == other.rounds[j] {
        pairs.append((seconds[i], other.seconds[j]))
        (i, j) = (i + 1, j + 1)
      } else if rounds[i] < other.rounds[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return pairs
  }
}
