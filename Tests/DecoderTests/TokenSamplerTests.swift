import Decoder
import Testing

@Suite struct TokenSamplerTests {
  static let logits: [Float] = [0, 3, 1, 3, -2]

  @Test func temperature0TakesTheFirstOfTheLikeliest() {
    var sampler = TokenSampler()
    #expect(sampler.next(Self.logits) == 1)
  }

  @Test func theSameSeedGivesTheSameTokens() {
    var a = TokenSampler(temperature: 1, seed: 5)
    var b = TokenSampler(temperature: 1, seed: 5)
    #expect((0..<50).map { _ in a.next(Self.logits) } == (0..<50).map { _ in b.next(Self.logits) })
  }

  @Test func frequenciesFollowTheSoftmax() {
    var sampler = TokenSampler(temperature: 2, seed: 1)
    let rounds = 20_000
    var counts = [Int](repeating: 0, count: Self.logits.count)
    for _ in 0..<rounds { counts[sampler.next(Self.logits)] += 1 }
    // exp(logit / 2) over the sum of all: 0.0803, 0.3597, 0.1323, 0.3597, 0.0295… to three digits.
    let weights = [1.0, 4.4817, 1.6487, 4.4817, 0.3679]
    let total = weights.reduce(0, +)
    for (count, weight) in zip(counts, weights) {
      // Five standard deviations of a binomial share are below 0.018.
      #expect(abs(Double(count) / Double(rounds) - weight / total) < 0.018)
    }
  }

  @Test func topKAndTopPCutTheTail() {
    var k = TokenSampler(temperature: 5, topK: 2, seed: 2)
    var p = TokenSampler(temperature: 1, topP: 0.5, seed: 2)
    for _ in 0..<500 {
      #expect([1, 3].contains(k.next(Self.logits)))
      // The likeliest has 0.46, the two likeliest 0.92: two are needed for a half.
      #expect([1, 3].contains(p.next(Self.logits)))
    }
  }
}
