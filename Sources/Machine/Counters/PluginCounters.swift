// PluginCounters.swift: what the emulator that runs this program counts of it.

internal import CMachine

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Exact user instructions and loads of each stage, on one thread, by an emulator's plug-in.
///
/// The plug-in keeps its counts in a file that this program maps, for all threads together. So a call
/// is counted until two in a row give the same: then no other thread ran.
public struct PluginCounters: CounterSource {
  public let name = "plugin"
  private let counts: Counts

  /// The environment's variable that names the plug-in's file.
  public static let variable = "TERNBENCH_PLUGIN_COUNTS"
  /// How often a call is counted for two in a row to be the same.
  private static let attempts = 5

  /// Work that must raise both counts by at least so much, or the file is not that of a plug-in that counts us.
  struct Proof {
    let function: InstructionStepper.Function
    var argument: UnsafeMutableRawPointer?
    let atLeast: Int

    /// Reads of memory one after another.
    static var reads: Proof {
      Proof(function: cmachine_read_words, argument: nil, atLeast: CMACHINE_READ_WORDS)
    }
  }

  /// Takes the file that the environment names, under an emulator.
  public static func open() -> Availability<PluginCounters> {
    Emulator.read().flatMap { emulator in
      open(file: getenv(variable).map { String(cString: $0) }, emulator: emulator, proof: .reads)
    }
  }

  static func open(
    file: String?, emulator: Emulator?, proof: Proof
  ) -> Availability<PluginCounters> {
    guard let emulator else {
      return .unavailable(
        reason: "no emulator runs this program, and only an emulator has such a plug-in: on this "
          + "processor --counters step counts instructions")
    }
    guard let file, !file.isEmpty else {
      return .unavailable(reason: "\(emulator.name) was given no plug-in that counts: \(remedy)")
    }
    var mapped: UnsafePointer<cmachine_plugin_counts>?
    let code = cmachine_plugin_open(file, &mapped)
    guard code == 0, let mapped else {
      let system = code == ENODATA ? "holds no counts" : String(cString: strerror(code))
      return .unavailable(reason: "\(file): \(system): \(remedy)")
    }
    let counters = PluginCounters(counts: Counts(mapped))
    switch counters.rise(proof.function, proof.argument) {
    case .unavailable(let reason): return .unavailable(reason: "\(file): \(reason)")
    case .value(let rise) where min(rise.instructions, rise.loads) < UInt64(proof.atLeast):
      return .unavailable(
        reason: "\(file): not counting: \(proof.atLeast) loads raised it by \(rise.instructions) "
          + "instructions and \(rise.loads) loads: \(remedy)")
    case .value: return .value(counters)
    }
  }

  private static let remedy =
    "start the program with PLUGIN=plugin.so,counts=FILE tools/arm/emulate.sh, as docs/arm.md says"

  public func count(_ work: CountedWork) -> [CounterReading] {
    work.parts.flatMap { part in
      part.withCall { call in
        let whole = rise(call.function, call.argument)
        let own = rise(call.function, call.idleArgument)
        let difference = whole.flatMap { whole in own.map { whole - $0 } }
        return [
          CounterReading(
            event: .instructions, stage: part.stage,
            value: difference.map { Double($0.instructions) }),
          CounterReading(
            event: .loads, stage: part.stage, value: difference.map { Double($0.loads) }),
        ]
      }
    }
  }

  /// By how much a call raises the counts, reading them included; after one call for what first use needs.
  private func rise(
    _ function: InstructionStepper.Function, _ argument: UnsafeMutableRawPointer?
  ) -> Availability<cmachine_plugin_counts> {
    function(argument)
    var last: cmachine_plugin_counts?
    for _ in 0..<Self.attempts {
      var rise = cmachine_plugin_counts()
      let code = cmachine_plugin_count(counts.mapped, function, argument, &rise)
      guard code == 0 else {
        return .unavailable(reason: "a stack for the call: \(String(cString: strerror(code)))")
      }
      if let last, last == rise { return .value(rise) }
      last = rise
    }
    return .unavailable(
      reason: "no two of \(Self.attempts) calls in a row gave the same counts: another thread ran")
  }

  /// The mapped file, which stays mapped: the plug-in counts until the program ends.
  private struct Counts: @unchecked Sendable {
    let mapped: UnsafePointer<cmachine_plugin_counts>

    init(_ mapped: UnsafePointer<cmachine_plugin_counts>) {
      self.mapped = mapped
    }
  }
}

extension cmachine_plugin_counts {
  fileprivate static func == (a: Self, b: Self) -> Bool {
    a.instructions == b.instructions && a.loads == b.loads
  }

  /// Less what another call took; a kernel's own return is in neither.
  fileprivate static func - (a: Self, b: Self) -> (instructions: UInt64, loads: UInt64) {
    (a.instructions - min(a.instructions, b.instructions), a.loads - min(a.loads, b.loads))
  }
}
