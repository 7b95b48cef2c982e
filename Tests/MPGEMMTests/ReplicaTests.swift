import Testing

@testable import MPGEMM

/// Weights that are there once for each memory node.
@Suite struct ReplicaTests {
  private static let shape = Shape(outFeatures: 37, tokens: 2, inFeatures: 300)
  private static let weights = TernaryMatrix(
    outFeatures: 37, inFeatures: 300, zeroDensity: 0.3, seed: 5)

  private func multiplication(_ kernel: Kernel) -> Multiplication {
    var random = SplitMix64(seed: 5)
    return Multiplication(
      kernel, shape: Self.shape, activations: (0..<600).map { _ in Float(random.normal()) },
      pool: ThreadPool(threads: 1))
  }

  /// Replica 0 is destroyed behind a thread's back, and its results show which one it reads.
  @Test(arguments: [0, 1, 2]) func aThreadReadsItsOwn(replica: Int) throws {
    let kernel = try #require(Kernel.all.first { $0.name == "i2s_portable" })
    let multiplication = multiplication(kernel)
    multiplication.quantize()
    multiplication.prepare()
    multiplication.compute(PackedMatrix(packing: Self.weights, for: kernel))
    let expected = multiplication.result
    let packed = PackedMatrix(
      packing: Self.weights, for: kernel, copies: 2,
      replicas: WeightReplicas(count: 3, ofThread: [replica]))
    packed.storage.store([UInt8](repeating: 0, count: packed.stride * packed.copies))
    for copy in 0..<2 {
      multiplication.compute(packed, copy: copy)
      #expect((multiplication.result == expected) == (replica != 0), "replica \(replica)")
    }
  }

  @Test func replicasShareNoPage() throws {
    let kernel = try #require(Kernel.all.first { $0.name == "i2s_portable" })
    var ranges: [Range<UInt>] = []
    let packed = PackedMatrix(
      packing: Self.weights, for: kernel, copies: 3,
      replicas: WeightReplicas(count: 2, ofThread: [0, 1]), placement: .huge,
      willWrite: { range, replica in
        #expect(replica == ranges.count)
        ranges.append(range)
      })
    #expect(ranges.count == 2 && ranges[0].upperBound == ranges[1].lowerBound)
    #expect(ranges.allSatisfy { $0.lowerBound % (2 << 20) == 0 })
    #expect(packed.addressRange == ranges[0].lowerBound..<ranges[1].upperBound)
    #expect(packed.offset(copy: 1, thread: 3) == packed.offset(copy: 1, thread: 1))
    let probe = try #require(ReadProbe.runnable.first)
    let threads = ThreadPool(threads: 2)
    let sums = (0..<3).map {
      packed.read(copy: $0, with: probe, prefetchDistance: 0, threads: threads)
    }
    #expect(Set(sums).count == 1)
  }
}
