internal import Synchronization

extension HeadMatrix {
  /// Reads every byte of the rows with a bandwidth probe, cut evenly over a pool's threads.
  ///
  /// - Returns: A sum that depends on each byte, so that no read can be left out.
  public func read(with probe: ReadProbe, prefetchDistance: Int, threads pool: ThreadPool) -> UInt64
  {
    let sum = Atomic<UInt64>(0)
    let lines = (storage.count + Buffer.alignment - 1) / Buffer.alignment
    pool.run { [storage] thread in
      let begin = lines * thread / pool.threads * Buffer.alignment
      let end = min(lines * (thread + 1) / pool.threads * Buffer.alignment, storage.count)
      let part = probe.read(
        storage, offset: begin, count: end - begin, prefetchDistance: prefetchDistance)
      sum.wrappingAdd(part, ordering: .relaxed)
    }
    return sum.load(ordering: .relaxed)
  }
}
