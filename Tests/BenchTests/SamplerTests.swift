import MPGEMM
import Results
import Testing

@testable import Bench

/// A turn whose calls take what a closure says; it counts them.
private final class ScriptedTurn: Turn {
  private let seconds: (Int) -> Double
  private(set) var calls = 0

  init(_ seconds: @escaping (Int) -> Double) {
    self.seconds = seconds
  }

  func measure(calls count: Int, warmUp: Bool) -> Sample {
    let first = calls
    calls += count
    let sum = (first..<calls).reduce(0) { $0 + seconds($1) }
    return Sample(compute: Sample.rounded(sum / Double(count)), calls: count)
  }
}

@Suite struct SamplerTests {
  private func participant(_ turn: ScriptedTurn) throws -> Participant {
    let kernel = try #require(Kernel.all.first)
    return Participant(.kernel(kernel), turn: turn)
  }

  /// Noise that no number of samples averages away soon: every other sample takes twice as long.
  private func noisy(_ call: Int) -> Double { call.isMultiple(of: 2) ? 0.004 : 0.008 }

  @Test func aQuietKernelStopsAtTheMinimumTime() throws {
    var sampler = Sampler(minTime: 0.1, seed: 1)
    let quiet = try participant(ScriptedTurn { _ in 0.004 })
    sampler.sample([quiet])
    #expect(quiet.samples.count == 25)
    #expect(!sampler.isNoisy(quiet.samples))
  }

  @Test func aNoisyKernelGoesOnToTheMaximumTime() throws {
    var sampler = Sampler(minTime: 0.1, maxTime: 0.4, seed: 1)
    let restless = try participant(ScriptedTurn(noisy))
    let quiet = try participant(ScriptedTurn { _ in 0.004 })
    sampler.sample([restless, quiet])
    #expect(restless.measuredSeconds >= 0.4 && restless.measuredSeconds < 0.42)
    #expect(quiet.samples.count == 25)
    #expect(sampler.isNoisy(restless.samples))
    // A target that this noise meets ends it earlier.
    var lenient = Sampler(minTime: 0.1, maxTime: 0.4, maxNoise: 0.5, seed: 1)
    let tolerated = try participant(ScriptedTurn(noisy))
    lenient.sample([tolerated])
    #expect(tolerated.measuredSeconds < 0.2)
  }

  /// Repetition n of every kernel was taken in round n: the pairing of ratios stands on it.
  @Test func roundsAreNotSkipped() throws {
    var sampler = Sampler(minTime: 0.1, maxTime: 0.4, seed: 5)
    let all = [
      try participant(ScriptedTurn(noisy)), try participant(ScriptedTurn { _ in 0.004 }),
      try participant(ScriptedTurn { _ in 0.02 }),
    ]
    sampler.sample(all)
    // Types said: Swift 6.0 takes members of TOMLKit's for these, which this file does not import.
    let rounds: [[Int]] = all.map { $0.samples.map(\.order) }
    for repetition in 0..<(rounds.map(\.count).max() ?? 0) - 1 {
      let now: [Int] = rounds.compactMap { $0.indices.contains(repetition) ? $0[repetition] : nil }
      let next: [Int] = rounds.compactMap {
        $0.indices.contains(repetition + 1) ? $0[repetition + 1] : nil
      }
      #expect((now.max() ?? 0) < (next.min() ?? .max))
    }
  }

  @Test func slowKernelsHaveEnoughSamplesForAnInterval() throws {
    var sampler = Sampler(minTime: 0.1, seed: 1)
    let slow = try participant(ScriptedTurn { _ in 0.14 })
    sampler.sample([slow])
    #expect(slow.samples.count == Sampler.minSamples)
    #expect(!sampler.isNoisy(slow.samples))
  }

  /// The clock rises over the first calls; samples are sized by what a call takes then.
  @Test func warmingUpEndsWhenTheMedianSettles() throws {
    let turn = ScriptedTurn { 1e-3 * (1 + 4 * max(0, 1 - Double($0) / 20)) }
    let warming = try participant(turn)
    Sampler(minTime: 1, seed: 1).prepare(warming, firstCallSeconds: 5e-3)
    #expect((25...40).contains(turn.calls), "\(turn.calls) calls")
    #expect(warming.callsPerSample == 40)
    // One that is steady from the start needs two windows.
    let steady = ScriptedTurn { _ in 1e-3 }
    Sampler(minTime: 1, seed: 1).prepare(try participant(steady), firstCallSeconds: 1e-3)
    #expect(steady.calls == 2 * WarmUp.window)
  }

  @Test func warmingUpIsBounded() throws {
    let restless = ScriptedTurn { Double($0 + 1) * 1e-6 }
    Sampler(minTime: 10, seed: 1).prepare(try participant(restless), firstCallSeconds: 1e-6)
    #expect(restless.calls == WarmUp.mostCalls)
    // A quarter of the minimum time is the other bound.
    let slow = ScriptedTurn { 0.01 * Double($0 + 1) }
    Sampler(minTime: 0.4, seed: 1).prepare(try participant(slow), firstCallSeconds: 0.01)
    #expect(slow.calls == 4)
    // What has run for long is warm.
    let long = ScriptedTurn { _ in 0.1 }
    Sampler(minTime: 1, seed: 1).prepare(try participant(long), firstCallSeconds: 0.1)
    #expect(long.calls == 0)
  }

  @Test func notesNameTheOptionThatHelps() throws {
    var sampler = Sampler(minTime: 0.1, seed: 1)
    let target = Target(outFeatures: 8, inFeatures: 8, zeroDensity: 0)
    func note(_ participant: Participant, threads: Int) -> String? {
      let sweepCase = SweepCase(target: target, tokens: 1, threads: threads, cache: .hot)
      return NoiseNote.text(participant, sampler, sweepCase, usableThreads: 4)
    }
    let quiet = try participant(ScriptedTurn { _ in 0.004 })
    let restless = try participant(ScriptedTurn(noisy))
    sampler.sample([quiet, restless])
    #expect(note(quiet, threads: 4) == nil)
    #expect(note(restless, threads: 1)?.contains("--max-time") == true)
    #expect(note(restless, threads: 4)?.contains("--threads") == true)
    sampler.maxTime = 100
    let endless = try participant(ScriptedTurn(noisy))
    sampler.sample([endless])
    #expect(endless.samples.count == Sampler.maxSamples)
    #expect(note(endless, threads: 1)?.contains("--min-time") == true)
  }

  @Test func theClockIsReadForOneCallInEight() {
    #expect(Overhead.readings(calls: 1) == 5)
    #expect(Overhead.readings(calls: 8) == 5)
    #expect(Overhead.readings(calls: 9) == 9)
    let sample = Sample(compute: 1e-3, calls: 8)
    #expect(Overhead.readingSeconds > 0 && Overhead.readingSeconds < 1e-4)
    #expect(
      abs(Overhead.share(of: sample) - 5 * Overhead.readingSeconds / 8e-3) < 1e-12)
  }

  /// What is timed is the whole sample, and the stages add up to it.
  @Test func stagesAddUpToTheWhole() throws {
    final class Burning: LocalTurn {
      private(set) var staged = 0
      private(set) var plain = 0
      private func burn(_ seconds: Double) {
        let start = Clock.now()
        while Clock.now() - start < seconds {}
      }
      func call() -> Sample {
        staged += 1
        burn(2e-4)
        return Sample(quantize: 5e-5, prepare: 5e-5, compute: 1e-4)
      }
      func run() {
        plain += 1
        burn(2e-4)
      }
    }
    let turn = Burning()
    let sample = try turn.measure(calls: 20, warmUp: true)
    #expect(turn.staged == 1 + 3 && turn.plain == 17)
    #expect(sample.time >= 2e-4 && sample.calls == 20)
    #expect(abs(sample.compute - 2 * sample.quantize) <= 2e-10)
    #expect(abs(sample.quantize - sample.prepare) <= 2e-10)
  }
}
