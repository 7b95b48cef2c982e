/// Why a kernel's process gave no answer: what became of it, and what it was doing.
struct WorkerFailure: Error, Equatable, CustomStringConvertible {
  enum Stage: String, Sendable {
    case starting, packing, verifying, measuring
  }

  enum Cause: Equatable, Sendable {
    /// It was ended by a signal that nobody here sent.
    case signal(Int32)
    case exited(Int32)
    /// It was ended after so many seconds without an answer.
    case timedOut(seconds: Double)
    /// It was ended since it took more memory than this beyond what it began with.
    case outOfMemory(limit: Int)
    /// What the operating system refused, or what the process said.
    case refused(String)
  }

  let stage: Stage
  let cause: Cause

  var description: String {
    switch cause {
    case .signal(let number): "\(Self.name(ofSignal: number)) while \(stage.rawValue)"
    case .exited(let status): "its process ended with status \(status) while \(stage.rawValue)"
    case .timedOut(let seconds):
      "hung while \(stage.rawValue): no answer within \(Int(seconds.rounded())) s; "
        + "--worker-timeout gives it longer"
    case .outOfMemory(let limit):
      "out of memory while \(stage.rawValue): took over \(limit >> 20) MiB of its own; "
        + "--worker-memory gives it more"
    case .refused(let reason): "\(reason) while \(stage.rawValue)"
    }
  }

  /// The name of a signal and what it means, numbered as Linux does.
  private static func name(ofSignal number: Int32) -> String {
    let names: [Int32: String] = [
      2: "SIGINT (interrupted)", 4: "SIGILL (illegal instruction)", 5: "SIGTRAP (trap)",
      6: "SIGABRT (aborted)", 7: "SIGBUS (bad memory access)",
      8: "SIGFPE (arithmetic error)", 9: "SIGKILL (killed from outside, perhaps for memory)",
      11: "SIGSEGV (invalid memory access)", 13: "SIGPIPE (closed pipe)",
      15: "SIGTERM (terminated)", 24: "SIGXCPU (processor time limit)",
      31: "SIGSYS (forbidden system call)",
    ]
    return names[number] ?? "signal \(number)"
  }
}
