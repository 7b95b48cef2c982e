// StepCounters.swift: single-stepping as a source of counts.

/// Exact user instructions of each stage, on one thread.
public struct StepCounters: CounterSource {
  public let name = "step"
  private let stepper: InstructionStepper

  public init(_ stepper: InstructionStepper) {
    self.stepper = stepper
  }

  public func count(_ work: CountedWork) -> [CounterReading] {
    work.parts.flatMap { part in
      part.withCall { call in
        let count = stepper.count(call.function, argument: call.argument, entry: call.entry)
        var readings = [
          CounterReading(
            event: .instructions, stage: part.stage, value: count.map { Double($0.total) }),
          CounterReading(
            event: .loads, stage: part.stage, value: count.map { Double($0.loads) }),
        ]
        if let repetitions = count.value?.repetitions, repetitions > 0 {
          readings.append(
            CounterReading(
              event: .repetitions, stage: part.stage, value: .value(Double(repetitions))))
        }
        return readings
      }
    }
  }
}
