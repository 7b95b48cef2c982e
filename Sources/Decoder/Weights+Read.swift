public import MPGEMM

extension Weights {
  /// Reads the bytes that one step reads, once, with a bandwidth probe: every layer's matrices, then the head.
  ///
  /// Layers that are used in rotation are read as often as the model has them.
  ///
  /// - Returns: A sum that depends on each byte, so that no read can be left out.
  public func read(
    layers count: Int, with probe: ReadProbe, prefetchDistance: Int, threads: ThreadPool
  ) -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<count {
      for matrix in layers[index % layers.count].matrices {
        sum &+= matrix.read(
          copy: 0, with: probe, prefetchDistance: prefetchDistance, threads: threads)
      }
    }
    return sum &+ head.read(with: probe, prefetchDistance: prefetchDistance, threads: threads)
  }
}
