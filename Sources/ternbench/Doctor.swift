import ArgumentParser
import Foundation
import MPGEMM
import Machine

/// `ternbench doctor`.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says how well this machine can be measured on, and what would help.",
    discussion: """
      Example: ternbench doctor --format json

      Each finding is ok, warn or unavailable, with the command that would mend it. The noise floor \
      is measured, which takes a few seconds. Nothing is changed. The exit code is 0 whatever was \
      found; with --strict it is 1 if there is a warning.
      """)

  @Option(help: "How to write it: table, md, csv or json.")
  var format: Listing.Format = .table

  @Flag(help: "Ends with exit code 1 if anything is a warning.")
  var strict = false

  func run() throws {
    let checkup = Checkup.complete(isa: ISA.current.names)
    var listing = Listing(["topic", "state", "finding", "remedy"])
    for finding in checkup.findings {
      listing.add([
        .text(finding.topic), .text(finding.level.rawValue), .text(finding.text),
        finding.remedy.map { .text($0) } ?? .missing,
      ])
    }
    Console.print(try listing.text(format))
    if strict && checkup.hasWarnings { throw ExitCode(1) }
  }
}
