// NoiseFloor.swift: how much equal work differs on this machine.

internal import CMachine

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The times of one piece of work, repeated: what differs is the machine's own noise.
public struct NoiseFloor: Sendable, Equatable, Codable {
  /// The median time of the work.
  public let medianSeconds: Double
  /// The median absolute deviation from it, as a share of it.
  public let medianError: Double
  /// How much longer the slowest of a hundred takes, as a share.
  public let worstOfHundred: Double
  /// The smallest step of the monotonic clock that was seen.
  public let clockStepSeconds: Double

  /// Repeats a chain of multiplications, which touches no memory, for some seconds.
  public static func measure(seconds: Double = 2) -> NoiseFloor {
    var turns: UInt64 = 100_000
    // About a millisecond: what a short kernel's sample takes.
    let first = time(turns)
    turns = max(1000, UInt64(Double(turns) * 1e-3 / max(first, 1e-6)))
    var times: [Double] = []
    let end = now() + seconds
    repeat { times.append(time(turns)) } while now() < end
    return NoiseFloor(times: times, clockStepSeconds: clockStep())
  }

  init(times: [Double], clockStepSeconds: Double) {
    precondition(!times.isEmpty)
    let sorted = times.sorted()
    let median = Self.quantile(sorted, 0.5)
    medianSeconds = median
    medianError = Self.quantile(sorted.map { abs($0 - median) / median }.sorted(), 0.5)
    worstOfHundred = Self.quantile(sorted, 0.99) / median - 1
    self.clockStepSeconds = clockStepSeconds
  }

  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }

  private static func time(_ turns: UInt64) -> Double {
    let start = now()
    _ = cmachine_spin(turns)
    return now() - start
  }

  private static func clockStep() -> Double {
    (0..<100).map { _ in
      let start = now()
      var next = now()
      while next == start { next = now() }
      return next - start
    }.min() ?? 0
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}

extension Checkup {
  /// Noise above this hides differences of the default minimum effect, 3 %.
  private static let tolerableError = 0.01

  static func measurements() -> [Finding] {
    let before = ProcessorTime.read()
    let noise = NoiseFloor.measure()
    let after = ProcessorTime.read()
    let share = before.flatMap { before in
      after.flatMap { after in
        after.stolenShare(since: before).map { .value($0) }
          ?? Availability.unavailable(reason: "/proc/stat stands still")
      }
    }
    return findings(noise) + [
      .of("steal time now", share) { share in
        let finding = stolen(share, over: "while the noise was measured")
        return Finding(
          topic: "steal time now", level: finding.level, text: finding.text, remedy: nil)
      },
      .of("clock source", SystemFiles(root: "/").text(clockSource)) { name in
        directClocks.contains(name)
          ? .ok("clock source", name)
          : .warn(
            "clock source", "\(name): slow to read",
            remedy: "echo tsc | sudo tee \(clockSource)")
      },
    ]
  }

  private static let clockSource =
    "/sys/devices/system/clocksource/clocksource0/current_clocksource"
  /// Those that are read without a system call.
  private static let directClocks = [
    "tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page",
  ]

  static func findings(_ noise: NoiseFloor) -> [Finding] {
    let error = quantity(noise.medianError * 100, "%")
    let worst = quantity(noise.worstOfHundred * 100, "%")
    let text =
      "equal work of \(quantity(noise.medianSeconds, "s")) differs by \(error) in the median, "
      + "the slowest of a hundred by \(worst)"
    return [
      .ok("clock resolution", quantity(noise.clockStepSeconds, "s")),
      noise.medianError <= tolerableError
        ? .ok("noise floor", text)
        : .warn("noise floor", "\(text): smaller effects cannot be told", remedy: "top"),
    ]
  }
}
