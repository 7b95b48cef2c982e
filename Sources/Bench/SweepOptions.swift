internal import Decoder
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
  /// The model's layers, where they are measured together.
  ///
  /// M and K are then those of one matrix of as many weights.
  public var ring: Ring?

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

  /// Where a target's weights can be: a ring's in a ring, a matrix's anywhere else.
  func regimes(of target: Target) -> [CacheRegime] {
    caches.filter { ($0 == .ring) == (target.ring != nil) }
  }

  /// The cases of one target, in the order they are measured.
  func cases(of target: Target) -> [SweepCase] {
    (target.tokens.map { [$0] } ?? tokens).flatMap { tokens in
      threads.flatMap { threads in
        regimes(of: target).map {
          SweepCase(target: target, tokens: tokens, threads: threads, cache: $0)
        }
      }
    }
  }

  /// The shapes that packing and verifying go by: those of all cases, and of a ring one block.
  public var shapes: [Shape] {
    targets.flatMap { target in
      cases(of: target).map { sweepCase in
        var shape = sweepCase.shape
        if let ring = target.ring { shape.outFeatures /= ring.layers }
        return shape
      }
    }
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

  /// Seconds of a first call above which a kernel gives one sample: of a ring, a layer's share of it.
  func singleSampleAbove(_ options: SweepOptions) -> Double {
    options.singleSampleAbove * Double(target.ring?.layers ?? 1)
  }

  /// How often the clock is read within a call whose stages are timed.
  var readingsPerStagedCall: Int {
    guard let ring = target.ring else { return Overhead.readingsPerStagedCall }
    return 1 + RingPass.readingsPerStep * ring.steps.count * ring.layers
  }

  /// How many operations of a kind one call of a kernel executes, as the kernel counts them.
  func operations(of kernel: Kernel) -> (ScalarOperation) -> Double {
    guard let ring = target.ring else {
      let counts = kernel.count(shape)
      return { Double(counts.prepare[$0]) + Double(counts.compute[$0]) }
    }
    let counts = ring.steps.map { step in
      step.outFeatures.map {
        kernel.count(Shape(outFeatures: $0, tokens: tokens, inFeatures: step.inFeatures))
      }
    }
    return { operation in
      // An input is prepared once for all matrices that read it.
      Double(ring.layers)
        * counts.reduce(0) { sum, step in
          step.reduce(sum + Double(step[0].prepare[operation])) {
            $0 + Double($1.compute[operation])
          }
        }
    }
  }

  var description: String {
    let layer = target.layer.isEmpty ? "" : "\(target.model) \(target.layer) "
    let plural = threads == 1 ? "" : "s"
    return "\(layer)\(shape) \(threads) thread\(plural) \(cache.rawValue)"
  }
}
