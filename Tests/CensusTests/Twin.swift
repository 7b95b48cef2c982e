import MPGEMM

/// A portable kernel's algorithm in Swift over counting scalars: loop for loop what the C does.
protocol Twin: Sendable {
  /// Prepares all of the activations.
  func prepare(_ problem: Problem, _ tally: Tally) -> [UInt8]
  /// Computes a tile.
  func compute(_ tile: Tile, of call: TwinCall, into y: inout [Float])
}

/// One multiplication: weights, activations and scales of a seed.
struct Problem {
  let shape: Shape
  let plan: Plan
  let packed: [UInt8]
  let values: [Float]
  let codes: [Int8]
  let tokenScales: [Float]
  let tokenSums: [Int32]
  let weightScales: [Float]

  var k: Int { shape.inFeatures }
}

/// The problem with its streams, as a twin's compute sees it.
struct TwinCall {
  let problem: Problem
  let weights: Stream
  let prepared: Stream
  /// Floats, for kernels that prepare nothing.
  let input: Stream
  unowned(unsafe) let tally: Tally

  init(_ problem: Problem, prepared: [UInt8], tally: Tally) {
    self.problem = problem
    self.tally = tally
    weights = Stream(bytes: problem.packed, size: \.weightBytes, tally: tally)
    self.prepared = Stream(bytes: prepared, size: \.preparedBytes, tally: tally)
    input = Stream(bytes: problem.values.bytes, size: \.inputBytes, tally: tally)
  }

  var k: Int { problem.shape.inFeatures }

  /// Counts values that go to scratch, or come from it.
  func scratch(bytes: Int) { tally.counts.scratchBytes += bytes }

  func zero<Value: AdditiveArithmetic>(_: Value.Type = Value.self) -> Counted<Value> {
    Counted(.zero, tally)
  }

  func weightScale(_ i: Int) -> CountedFloat { CountedFloat(problem.weightScales[i], tally) }

  func tokenScale(_ t: Int) -> CountedFloat { CountedFloat(problem.tokenScales[t], tally) }

  func tokenSum(_ t: Int) -> CountedInt32 { CountedInt32(problem.tokenSums[t], tally) }

  /// Writes an output.
  func store(_ output: CountedFloat, _ i: Int, _ t: Int, into y: inout [Float]) {
    tally.counts.outputBytes += 4
    y[t * problem.shape.outFeatures + i] = output.value
  }

  /// Writes an exact sum, scaled.
  func storeExact(_ sum: CountedInt32, _ i: Int, _ t: Int, into y: inout [Float]) {
    store(sum.float * (weightScale(i) * tokenScale(t)), i, t, into: &y)
  }
}

extension Array where Element: BitwiseCopyable {
  /// The bytes in memory order.
  var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

extension Range<Int> {
  /// Its parts of at most `step`.
  func steps(of step: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: step).map {
      $0..<Swift.min($0 + step, upperBound)
    }
  }
}

/// How many blocks hold `count` things, the last perhaps in part.
func blocks(_ count: Int, of size: Int) -> Int { (count + size - 1) / size }
