import ArgumentParser
import Bench

/// The options that say in which processes kernels run.
struct IsolationOptions: ParsableArguments {
  @Flag(
    help: """
      Runs kernels in this very process, for profilers and emulators: a crash ends the sweep.
      """)
  var inProcess = false

  @Option(
    help: ArgumentHelp(
      "How long a kernel may be silent, beside 1 s for each 20 million multiply-adds.",
      valueName: "seconds"))
  var workerTimeout = 60.0

  @Option(
    help: ArgumentHelp(
      "How much memory of its own a kernel may take, beside the packed weights.",
      valueName: "MiB"))
  var workerMemory = 2048

  func validate() throws {
    guard workerTimeout > 0, workerTimeout <= 86400 else {
      throw ValidationError("--worker-timeout \(workerTimeout): not between 0 and 86400 seconds")
    }
    guard (16...1 << 24).contains(workerMemory) else {
      throw ValidationError("--worker-memory \(workerMemory): not between 16 and 16777216 MiB")
    }
  }

  /// What workers may take; nil: there are none.
  var limits: WorkerLimits? {
    inProcess ? nil : WorkerLimits(timeout: workerTimeout, memory: workerMemory << 20)
  }

  var description: String {
    inProcess
      ? "in-process" : "workers, \(workerTimeout) s, \(workerMemory) MiB"
  }
}
