import ArgumentParser
import Foundation

/// The command line; each subcommand has a file of its own.
@main
struct Ternbench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ternbench",
    abstract: "Benchmarks of ternary mpGEMM kernels, verified before they are timed.",
    discussion: """
      M is output features (weight rows), N tokens, K input features, everywhere.

      Exit codes: 0 well, 2 slower (compare --fail-on-slower), 3 a kernel's result was wrong or its \
      process died, 6 nothing to run on this CPU, 64 wrong usage, 65 bad data in a file, 74 a file \
      cannot be read or written, 130 interrupted.
      """,
    version: version,
    subcommands: [
      List.self, Verify.self, Bench.self, Decode.self, Generate.self, Logits.self,
      PerplexityCommand.self, Synthesize.self, Convert.self, Energy.self, Report.self, Compare.self,
      Doctor.self, Tune.self,
      SelfTest.self, Worker.self,
    ])

  static let version = "0.1.0"

  static func main() {
    // Output into a closed pipe (`| head`) ends the program quietly.
    signal(SIGPIPE, SIG_DFL)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as any CategorizedFailure {
      Console.error(failure.message)
      exit(withError: ExitCode(failure.exitCode))
    } catch  where exitCode(for: error) == .validationFailure {
      // One line, where the parser by itself adds the whole usage.
      Console.error(message(for: error) + "; see ternbench help")
      exit(withError: ExitCode(Exit.usage))
    } catch {
      exit(withError: error)
    }
  }
}
