public import MPGEMM
public import Machine
public import Results

/// One weight matrix to measure: a model's layer, or a bare shape.
public struct Target: Sendable, Equatable {
  /// The model's slug, empty for a bare shape.
  public var model: String
  /// The layer, or the layers of one shape joined by `/`; empty for a bare shape.
  public var layer: String
  /// How many such matrices one token passes; 1 for a bare shape.
  public var layerCount: Int
  /// M.
  public var outFeatures: Int
  /// K.
  public var inFeatures: Int
  /// N, if this target fixes it; else the sweep's tokens apply.
  public var tokens: Int?
  /// The share of weights that are zero.
  public var zeroDensity: Double

  /// The layers of a model, or the bare shape, with its zeros: "2b-4t q/o 2560x2560 zeros 0.4219".
  public var description: String {
    let name = layer.isEmpty ? "" : "\(model) \(layer) "
    let fixed = tokens.map { " tokens \($0)" } ?? ""
    return "\(name)\(label)\(fixed) zeros \(zeroDensity)"
  }

  /// M and K.
  var label: String { "\(outFeatures)x\(inFeatures)" }

  public init(
    model: String = "", layer: String = "", layerCount: Int = 1, outFeatures: Int, inFeatures: Int,
    tokens: Int? = nil, zeroDensity: Double
  ) {
    self.model = model
    self.layer = layer
    self.layerCount = layerCount
    self.outFeatures = outFeatures
    self.inFeatures = inFeatures
    self.tokens = tokens
    self.zeroDensity = zeroDensity
  }
}

/// What a sweep measures, and how.
public struct SweepOptions: Sendable {
  public var kernels: [Kernel]
  public var targets: [Target]
  public var tokens: [Int]
  public var threads: [Int]
  public var caches: [CacheRegime]
  /// Seconds of measured time for each kernel of a case.
  public var minTime: Double
  /// Seconds of measured time for a kernel that misses the noise target; nil: three times `minTime`.
  public var maxTime: Double?
  /// The noise target: half the width of the median's 95 % interval, over the median.
  public var maxNoise = SweepOptions.defaultMaxNoise
  /// A kernel whose first call takes longer than this gives one sample.
  public var singleSampleAbove: Double
  public var seed: UInt64
  /// The libraries that some of the kernels come from, for workers to load.
  public var plugins: [String] = []
  /// Where packed weights are to lie.
  public var memory = MemoryPlacement.firstTouch
  /// What is counted of each kernel once it has been timed.
  public var counters = CounterChoice.none
  /// Instructions after which single-stepping a stage gives up.
  public var stepLimit = InstructionStepper.defaultLimit
  /// What worker processes may take; nil: kernels run in this process, where one can crash them all.
  public var workers: WorkerLimits?

  /// What all kernels of a 2-billion-parameter model can be measured with in some minutes.
  public static let defaultMinTime = 0.1
  /// Two medians known to this are told apart at 3 %.
  public static let defaultMaxNoise = 0.015
  /// Six samples of such a call, the fewest that have an interval, take under a second.
  public static let defaultSingleSampleAbove = 0.15

  public init(
    kernels: [Kernel], targets: [Target], tokens: [Int] = [1], threads: [Int] = [1],
    caches: [CacheRegime] = [.cold], minTime: Double = SweepOptions.defaultMinTime,
    singleSampleAbove: Double = SweepOptions.defaultSingleSampleAbove, seed: UInt64 = 1
  ) {
    self.kernels = kernels
    self.targets = targets
    self.tokens = tokens
    self.threads = threads
    self.caches = caches
    self.minTime = minTime
    self.singleSampleAbove = singleSampleAbove
    self.seed = seed
  }

  /// The cases of one target, in the order they are measured.
  func cases(of target: Target) -> [SweepCase] {
    (target.tokens.map { [$0] } ?? tokens).flatMap { tokens in
      threads.flatMap { threads in
        caches.map { SweepCase(target: target, tokens: tokens, threads: threads, cache: $0) }
      }
    }
  }

  /// The shapes of all cases.
  public var shapes: [Shape] {
    targets.flatMap { cases(of: $0).map(\.shape) }
  }

  /// How many cases the sweep has; all kernels of a case take turns.
  public var caseCount: Int {
    targets.reduce(0) { $0 + cases(of: $1).count }
  }
}

/// One comparison: all kernels on one shape with the same tokens, threads and cache regime.
struct SweepCase: Sendable {
  var target: Target
  var tokens: Int
  var threads: Int
  var cache: CacheRegime

  var shape: Shape {
    Shape(outFeatures: target.outFeatures, tokens: tokens, inFeatures: target.inFeatures)
  }

  var description: String {
    let layer = target.layer.isEmpty ? "" : "\(target.model) \(target.layer) "
    let plural = threads == 1 ? "" : "s"
    return "\(layer)\(shape) \(threads) thread\(plural) \(cache.rawValue)"
  }
}
