import Foundation
import MPGEMM
import Verification

/// The problems that every kernel is checked on: deterministic, and covering in pairs.
///
/// Every K meets every pattern and every N; every M meets every N; the smallest shapes meet all.
enum CaseSet {
  struct Case {
    let shape: Shape
    let pattern: Pattern
    let seed: UInt64

    func problem(for kernel: Kernel) -> Problem {
      Problem(shape: shape, pattern: pattern, seed: seed, kind: kernel.weights)
    }
  }

  static let rows = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65]
  static let tokens = [1, 2, 3, 8, 9, 33]
  /// Around the blocks of the field: 2 to 5 weights, 16 to 256, and the multiples of 3 up to 768.
  static let inputs = [
    1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 97,
    127, 128, 129, 160, 191, 192, 193, 255, 256, 257, 300, 383, 384, 385, 511, 512, 513, 639, 640,
    767, 768, 769, 1023, 1024, 1025,
  ]
  /// K of BitNet b1.58 3B's and xl's down projections: no multiple of 128, and long enough to
  /// overflow 16 bits.
  static let longInputs = [5460, 8640]

  /// How often every K meets every pattern, each time with other M and N.
  private static let rounds = 3

  /// Whether the environment asks for every fourth problem only.
  static let isReduced = ProcessInfo.processInfo.environment["TERNBENCH_CONFORMANCE"] == "reduced"

  static let all = cases(isReduced: isReduced)
  /// All problems, whatever the environment asks for: which rule a defect breaks first depends on them.
  static let whole = isReduced ? cases(isReduced: false) : all

  private static func cases(isReduced: Bool) -> [Case] {
    var shapes: [(m: Int, n: Int, k: Int, Pattern)] = []
    var turn = 0
    func next(_ values: [Int], _ step: Int) -> Int { values[turn * step % values.count] }
    for _ in 0..<rounds {
      for k in inputs {
        for pattern in Pattern.allCases {
          // Shifted once a lap of rows, so that M and N meet in every combination.
          let shift = turn / rows.count
          shapes.append((next(rows, 5), tokens[(turn + shift) % tokens.count], k, pattern))
          turn += 1
        }
      }
    }
    for k in inputs {
      for n in tokens {
        shapes.append((next(rows, 7), n, k, .random))
        turn += 1
      }
    }
    for m in rows {
      for n in tokens {
        shapes.append((m, n, next(inputs, 11), .dense))
        turn += 1
      }
    }
    for m in 1...3 {
      for n in 1...3 {
        for k in 1...3 {
          for pattern in [Pattern.random, .positive, .aligned] { shapes.append((m, n, k, pattern)) }
        }
      }
    }
    let short = shapes.enumerated().filter { !isReduced || $0.offset % 4 == 0 }.map(\.element)
    var long: [(m: Int, n: Int, k: Int, Pattern)] = []
    for k in longInputs {
      for pattern in Pattern.allCases {
        long.append((isReduced ? 2 : 3 + turn % 15, 1 + turn % 3, k, pattern))
        turn += 1
      }
      long.append((isReduced ? 5 : 17, 33, k, .random))
    }
    let cases = (short + long).enumerated().map { index, shape in
      Case(
        shape: Shape(outFeatures: shape.m, tokens: shape.n, inFeatures: shape.k),
        pattern: shape.3, seed: UInt64(index + 1))
    }
    print(
      "conformance: \(cases.count) problems a kernel"
        + (isReduced ? ", a quarter of the set: TERNBENCH_CONFORMANCE=reduced" : ""))
    return cases
  }

  /// The first mismatch of a kernel over a set.
  static func firstMismatch(
    of kernel: Kernel, peers: [Kernel] = Kernel.all, among cases: [Case] = all
  ) -> Mismatch? {
    if let mismatch = Check.firstFalseDeclaration(of: kernel) { return mismatch }
    let check = Check()
    for item in cases {
      if let mismatch = check.firstMismatch(
        of: kernel, on: item.problem(for: kernel), peers: peers)
      {
        return mismatch
      }
    }
    return nil
  }
}
