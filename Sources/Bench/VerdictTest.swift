internal import MPGEMM
internal import Machine
internal import Results
public import Statistics

/// Compares kernels with themselves, plain and slowed down, to see what verdicts are worth here and now.
///
/// Each kernel takes turns with the same kernel on another copy of the weights, and with itself on the
/// first copy after which a part of the call's time is waited. What a sweep samples, warms up and decides
/// is the same.
public struct VerdictTest {
  /// What a kernel was compared with.
  public enum Partner: String, Sendable, CaseIterable {
    case itself = "itself, on other memory"
    case slowed = "itself, 10 % slower"
    case other = "another kernel"
  }

  /// One comparison and what was found.
  public struct Finding: Sendable {
    public let kernel: String
    public let partner: Partner
    /// The other kernel, or the same.
    public let partnerKernel: String
    public let cache: String
    /// How many times faster the kernel was than its partner.
    public let ratio: SpeedRatio
    /// The ratio of the two medians, which no interval protects.
    public let ratioOfMedians: Double
  }

  private let options: SweepOptions
  private let comparisons: Int
  private let threadPools: ThreadPools
  private let coldBytes: Int
  private let topology: Topology

  /// The share of a call that is waited after it.
  static let delay = 0.1

  /// Prepares a test.
  ///
  /// - Parameters:
  ///   - options: Kernels, targets and sampling as of a sweep.
  ///   - comparisons: How many comparisons of a kernel with itself to make, at least.
  public init(_ options: SweepOptions, comparisons: Int) {
    self.options = options
    self.comparisons = comparisons
    let machine = Machine.read(isa: ISA.current.names)
    topology = machine.topology
    threadPools = ThreadPools(topology)
    coldBytes = WeightPool.coldBytes(lastLevelCache: machine.caches.lastLevelBytes.value)
  }

  /// Makes the comparisons.
  ///
  /// - Parameter progress: Called with the comparisons made so far.
  /// - Returns: The findings, in the order in which they were made.
  public func run(progress: (Int) -> Void = { _ in }) -> [Finding] {
    var findings: [Finding] = []
    var sampler = Sampler(
      minTime: options.minTime, maxTime: options.maxTime, maxNoise: options.maxNoise,
      seed: options.seed)
    let kernels = options.kernels.filter(\.isRunnable)
    var made = 0
    while true {
      let before = made
      for layout in kernels.map(\.layout).uniqued() {
        let same = kernels.filter { $0.layout == layout }
        for target in options.targets {
          // Packed anew in each pass: which pages the weights lie on is part of the noise.
          let hosts = (0..<2).map { _ in host(of: target, packing: same[0]) }
          for sweepCase in options.cases(of: target) {
            let new = measure(same, on: sweepCase, hosts, &sampler)
            findings += new
            made += new.count { $0.partner == .itself }
            progress(made)
            if made >= comparisons { return findings }
          }
        }
      }
      if made == before { return findings }
    }
  }

  private func host(of target: Target, packing kernel: Kernel) -> LocalPoolHost {
    let weights = TernaryMatrix(
      outFeatures: target.outFeatures, inFeatures: target.inFeatures,
      zeroDensity: target.zeroDensity, seed: options.seed)
    return LocalPoolHost(
      packing: weights, for: kernel,
      poolBytes: options.caches.contains(.cold) ? coldBytes : WeightPool.hotBytes,
      memory: PoolMemory(options.memory, topology), seed: options.seed, threads: threadPools)
  }

  private func measure(
    _ kernels: [Kernel], on sweepCase: SweepCase, _ hosts: [LocalPoolHost], _ sampler: inout Sampler
  ) -> [Finding] {
    var trios: [[Participant]] = []
    for kernel in kernels {
      let plain = hosts[0].begin(kernel, on: sweepCase)
      guard plain.first.time <= options.singleSampleAbove,
        let slowed = hosts[0].begin(kernel, on: sweepCase).turn as? any LocalTurn
      else { continue }
      let turns = [plain.turn, hosts[1].begin(kernel, on: sweepCase).turn, DelayedTurn(slowed)]
      let trio = turns.map { Participant(.kernel(kernel), turn: $0) }
      for participant in trio {
        sampler.prepare(participant, firstCallSeconds: plain.first.time)
      }
      trios.append(trio)
    }
    sampler.sample(trios.flatMap { $0 })
    let pairs =
      trios.flatMap { trio in
        [(trio[0], trio[1], Partner.itself), (trio[0], trio[2], .slowed)]
      } + zip(trios, trios.dropFirst()).map { ($0[0], $1[0], .other) }
    return pairs.compactMap { finding($0, $1, $2, sweepCase) }
  }

  private func finding(
    _ own: Participant, _ other: Participant, _ partner: Partner, _ sweepCase: SweepCase
  ) -> Finding? {
    guard let ratio = Bootstrap().speedRatio(of: own.series, over: other.series) else { return nil }
    return Finding(
      kernel: own.name, partner: partner, partnerKernel: other.name,
      cache: sweepCase.cache.rawValue, ratio: ratio,
      ratioOfMedians: Statistics.median(other.samples.map(\.time))
        / Statistics.median(own.samples.map(\.time)))
  }
}

extension Participant {
  fileprivate var name: String {
    if case .kernel(let kernel) = role { kernel.name } else { "" }
  }

  /// The samples by round.
  fileprivate var series: RoundSeries {
    RoundSeries(samples.enumerated().map { ($0.offset, $0.element.time) })
  }
}

/// A turn that waits a share of each call's time after the call.
private final class DelayedTurn: LocalTurn {
  private let turn: any LocalTurn

  init(_ turn: any LocalTurn) {
    self.turn = turn
  }

  func call() -> Sample {
    var sample = turn.call()
    sample.compute += wait(for: sample.time * VerdictTest.delay)
    return sample
  }

  func run() {
    let start = Clock.now()
    turn.run()
    _ = wait(for: (Clock.now() - start) * VerdictTest.delay)
  }

  private func wait(for seconds: Double) -> Double {
    let start = Clock.now()
    while true {
      let waited = Clock.now() - start
      if waited >= seconds { return waited }
    }
  }
}

extension [VerdictTest.Finding] {
  /// How many findings of a kind have a verdict.
  public func count(
    _ partner: VerdictTest.Partner, _ verdict: RatioVerdict, minEffect: Double
  ) -> Int {
    count { $0.partner == partner && $0.ratio.verdict(minEffect: minEffect) == verdict }
  }

  /// Of pairs whose medians differ by over a tenth, how many there are and how many are UNSURE.
  public func farApart(minEffect: Double) -> (pairs: Int, unsure: Int) {
    let far = filter { $0.ratioOfMedians > 1.1 || $0.ratioOfMedians < 1 / 1.1 }
    return (far.count, far.count { $0.ratio.verdict(minEffect: minEffect) == .unsure })
  }
}
