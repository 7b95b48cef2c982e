// Affinity.swift: ties the calling thread to CPUs.

import CMachine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The CPUs on which the calling thread may run.
public enum Affinity {
  /// Ties the calling thread to the given CPUs.
  ///
  /// - Returns: The CPUs obtained, which may be fewer than asked for: the kernel drops those outside
  ///   the process's cpuset.
  public static func pinCurrentThread(to cpus: [Int]) -> Availability<[Int]> {
    var mask = [UInt64](repeating: 0, count: maximumCPUs / 64)
    for cpu in cpus {
      guard (0..<maximumCPUs).contains(cpu) else {
        return .unavailable(reason: "CPU \(cpu) is outside 0..<\(maximumCPUs)")
      }
      mask[cpu / 64] |= 1 << UInt64(cpu % 64)
    }
    let code = cmachine_set_affinity(mask, mask.count)
    guard code == 0 else {
      return .unavailable(
        reason: "sched_setaffinity to CPUs \(cpus): \(String(cString: strerror(code)))")
    }
    return ofCurrentThread()
  }

  /// Returns the CPUs on which the calling thread may run, ascending.
  public static func ofCurrentThread() -> Availability<[Int]> {
    var mask = [UInt64](repeating: 0, count: maximumCPUs / 64)
    let code = cmachine_get_affinity(&mask, mask.count)
    guard code == 0 else {
      return .unavailable(reason: "sched_getaffinity: \(String(cString: strerror(code)))")
    }
    return .value((0..<maximumCPUs).filter { mask[$0 / 64] & 1 << UInt64($0 % 64) != 0 })
  }
}
