import MPGEMM
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 7])
  func everyThreadRunsEachJobOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for job in 0..<2000 {
      // A second call by the same thread clears its bit again.
      let ran = Atomic<UInt64>(0)
      pool.run { thread in ran.bitwiseXor(1 << UInt64(thread), ordering: .relaxed) }
      let all: UInt64 = 1 << UInt64(threads) - 1
      #expect(ran.load(ordering: .relaxed) == all, "job \(job) of \(threads) threads")
    }
  }

  @Test func sleepingWorkersWakeForTheNextJob() {
    let pool = ThreadPool(threads: 3)
    for _ in 0..<20 {
      let ran = Atomic<Int>(0)
      pool.run { _ in ran.add(1, ordering: .relaxed) }
      #expect(ran.load(ordering: .relaxed) == 3)
      // Long enough that the workers have stopped spinning.
      let end = ContinuousClock.now + .milliseconds(3)
      while ContinuousClock.now < end {}
    }
  }

  @Test func workersAreToldTheirIndexOnce() {
    let started = Atomic<UInt64>(0)
    let seen = withExtendedLifetime(0) {
      let pool = ThreadPool(threads: 4) { index in
        started.bitwiseXor(1 << UInt64(index), ordering: .sequentiallyConsistent)
      }
      pool.run { _ in }
      return started.load(ordering: .sequentiallyConsistent)
    }
    #expect(seen == 0b1110)
  }
}
