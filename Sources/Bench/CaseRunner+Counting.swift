internal import MPGEMM

extension CaseRunner {
  /// Why a row of counts has nothing else.
  static let emulated = "emulated: times and energy would be the emulator's"

  /// Verifies a kernel and, if it is right, counts it: no clock is read, for it would be an emulator's.
  func countOnly(_ kernel: Kernel, progress: (String) -> Void) -> Outcome {
    var outcome = Outcome(kernel: kernel, pool: hosts[kernel.layout]?.pool)
    outcome.pool?.packSeconds = nil
    outcome.emulated = Self.emulated
    outcome.energy.reason = Self.emulated
    progress("verify \(kernel.name)")
    do {
      guard try beginning(kernel, &outcome) != nil else { return outcome }
    } catch {
      outcome.reason = error.description
      return outcome
    }
    progress("count \(kernel.name)")
    outcome.counts = counts(outcome)
    outcome.turn = nil
    return outcome
  }
}
