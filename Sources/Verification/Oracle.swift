public import MPGEMM

/// What every kernel must compute, in plain Swift: integer sums for codes, Double for floats.
public enum Oracle {
  /// The exact sums over j of w[i][j] · code[t][j]: N × M, token after token.
  ///
  /// The pool's threads share the work; without one the caller does it alone.
  public static func sums(
    _ weights: TernaryMatrix, codes: [Int8], tokens: Int, pool: ThreadPool? = nil
  ) -> [Int64] {
    let wide = codes.map { Int16($0) }
    return rows(weights, tokens: tokens, pool: pool, as: Int16.self) { row, token, k in
      wide.withUnsafeBufferPointer { codes in
        var sum: Int64 = 0
        var begin = 0
        while begin < k {
          // |block sum| <= 65536 * 128 < 2^31, so that the inner loop stays narrow.
          let end = min(begin + 65536, k)
          var block: Int32 = 0
          for input in begin..<end {
            block &+= Int32(row[input]) &* Int32(codes[token &* k &+ input])
          }
          sum += Int64(block)
          begin = end
        }
        return sum
      }
    }
  }

  /// The sums over j of w[i][j] · x[t][j] in Double, far more precise than any float32 kernel.
  public static func sums(
    _ weights: TernaryMatrix, values: [Float], tokens: Int, pool: ThreadPool? = nil
  ) -> [Double] {
    let wide = values.map { Double($0) }
    return rows(weights, tokens: tokens, pool: pool, as: Double.self) { row, token, k in
      wide.withUnsafeBufferPointer { values in
        // Lanes written out: the compiler may not reorder sums of Double by itself.
        var lanes = SIMD8<Double>()
        let whole = k / 8 * 8
        for input in stride(from: 0, to: whole, by: 8) {
          var w = SIMD8<Double>()
          var x = SIMD8<Double>()
          for lane in 0..<8 {
            w[lane] = row[input &+ lane]
            x[lane] = values[token &* k &+ input &+ lane]
          }
          lanes += w * x
        }
        var sum = lanes.sum()
        for input in whole..<k { sum += row[input] * values[token &* k &+ input] }
        return sum
      }
    }
  }

  /// Calls `dot` for each row, widened once, and each token, with the rows cut between threads.
  private static func rows<Wide, Sum>(
    _ weights: TernaryMatrix, tokens: Int, pool: ThreadPool?, as: Wide.Type,
    _ dot: @Sendable (UnsafeBufferPointer<Wide>, _ token: Int, _ k: Int) -> Sum
  ) -> [Sum] where Wide: Numeric & Sendable & BitwiseCopyable, Sum: BitwiseCopyable {
    let m = weights.outFeatures
    let k = weights.inFeatures
    let threads = pool?.threads ?? 1
    return [Sum](unsafeUninitializedCapacity: m * tokens) { target, initialized in
      nonisolated(unsafe) let sums = target  // Each thread writes its own rows.
      @Sendable func work(_ thread: Int) {
        var row = [Wide](repeating: 0, count: k)
        weights.values.withUnsafeBufferPointer { values in
          for i in m * thread / threads..<m * (thread + 1) / threads {
            row.withUnsafeMutableBufferPointer { row in
              for input in 0..<k {
                // Exact in every type used: the weight is -1, 0 or +1.
                row[input] = Wide(exactly: values[i &* k &+ input]).unsafelyUnwrapped
              }
              for token in 0..<tokens {
                sums[token &* m &+ i] = dot(UnsafeBufferPointer(row), token, k)
              }
            }
          }
        }
      }
      if let pool { pool.run { work($0) } } else { work(0) }
      initialized = m * tokens
    }
  }
}
