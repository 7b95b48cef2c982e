// CounterSource.swift: what can be counted of a call, and what a source of counts is.

/// Something that a source counts.
public enum CounterEvent: String, Sendable, Codable, CaseIterable {
  case cycles, instructions
  /// Instructions that read memory.
  case loads
  case l1Misses = "l1_data_misses"
  case l2Misses = "l2_misses"
  case l3Misses = "l3_misses"
  case branchMisses = "branch_misses"
  case stalledCycles = "stalled_cycles"
  case taskClock = "task_clock_ns"
  case pageFaults = "page_faults"
  case contextSwitches = "context_switches"
  case migrations
  /// Repetitions of a string instruction after its first, which single-stepping tells apart.
  case repetitions
}

/// A count, or why there is none.
public struct CounterReading: Sendable, Equatable, Codable {
  public let event: CounterEvent
  /// The part of the work that was counted: "all", or a stage.
  public var stage = "all"
  /// The thread, or nil for all together.
  public var thread: Int?
  /// Counts of one call; zero means that nothing happened, never that nothing was counted.
  public let value: Availability<Double>
  /// How many calls the value is the mean of.
  public var calls = 1
  /// Whether the counter shared the hardware with others, so that the value is an extrapolation.
  public var isScaled = false
}

/// Work that can be counted, on the threads that do it.
public struct CountedWork {
  /// A part of the work as C sees it; valid only within the closure that receives it.
  public struct Call {
    public let function: InstructionStepper.Function
    public let argument: UnsafeMutableRawPointer
    /// With it the function does everything but what counts.
    public let idleArgument: UnsafeMutableRawPointer
    /// The function whose instructions count: `function` itself, or one that it calls.
    public let entry: UnsafeRawPointer

    public init(
      function: InstructionStepper.Function, argument: UnsafeMutableRawPointer,
      idleArgument: UnsafeMutableRawPointer, entry: UnsafeRawPointer
    ) {
      self.function = function
      self.argument = argument
      self.idleArgument = idleArgument
      self.entry = entry
    }
  }

  /// A part of the work, for a source that counts a function of C.
  public struct Part {
    public let stage: String
    /// Hands out the part's call, and returns what was counted of it.
    public let withCall: ((Call) -> [CounterReading]) -> [CounterReading]

    public init(
      stage: String, withCall: @escaping ((Call) -> [CounterReading]) -> [CounterReading]
    ) {
      self.stage = stage
      self.withCall = withCall
    }
  }

  let threads: Int
  let calls: Int
  let onEachThread: (@Sendable (Int) -> Void) -> Void
  let call: () -> Void
  let parts: [Part]

  /// - Parameters:
  ///   - threads: How many threads do it.
  ///   - calls: How often to do it: once is too short for a counter that takes turns with others.
  ///   - onEachThread: Runs a closure on each of the threads, with its number.
  ///   - call: Does the work once.
  ///   - parts: The same work on one thread, in parts that C can call.
  public init(
    threads: Int, calls: Int, onEachThread: @escaping (@Sendable (Int) -> Void) -> Void,
    call: @escaping () -> Void, parts: [Part]
  ) {
    precondition(threads >= 1 && calls >= 1)
    self.threads = threads
    self.calls = calls
    self.onEachThread = onEachThread
    self.call = call
    self.parts = parts
  }
}

/// A source of counts: hardware through PAPI, the operating system, single-stepping, or an emulator.
public protocol CounterSource: Sendable {
  /// How the source is called on the command line and in results.
  var name: String { get }

  /// Does the work and counts; every event of the source has a reading, if only a reason.
  func count(_ work: CountedWork) -> [CounterReading]
}
