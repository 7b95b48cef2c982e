import MPGEMM
import Machine
import Testing

/// The loops that measure what a core can execute hold what they claim, by their instructions and not by the clock.
@Suite struct ThroughputLoopTests {
  private static let refusal = InstructionStepper().count({ _ in }, argument: nil).reason
  /// Independent chains of the instruction in every loop.
  private static let chains = 12

  private struct Order {
    let probe: ThroughputProbe
    let turns: Int
  }

  private func instructions(_ probe: ThroughputProbe, turns: Int) throws -> Int {
    var order = Order(probe: probe, turns: turns)
    let count = withUnsafeMutablePointer(to: &order) { pointer in
      InstructionStepper().count(
        { argument in
          guard let order = argument?.assumingMemoryBound(to: Order.self).pointee else { return }
          order.probe.run(turns: order.turns)
        }, argument: UnsafeMutableRawPointer(pointer))
    }
    return try #require(count.value, "\(count.reason ?? "")").total
  }

  /// A compiler that computed the chains once, or not at all, would leave turns without them.
  @Test(
    .enabled(if: refusal == nil, "this machine forbids single-stepping"),
    arguments: ThroughputProbe.runnable)
  func everyTurnExecutesEveryChain(probe: ThroughputProbe) throws {
    let turns = [1000, 1100, 1400]
    let counts = try turns.map { try instructions(probe, turns: $0) }
    let (hundred, threeHundred) = (counts[1] - counts[0], counts[2] - counts[1])
    #expect(threeHundred == 3 * hundred, "\(probe.name): \(counts)")
    #expect(hundred >= 100 * Self.chains, "\(probe.name): \(counts)")
  }
}
