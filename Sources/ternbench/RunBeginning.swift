import Bench
import Foundation
import Models
import Results

/// The folder that a sweep writes to: a new one, or that of a run which was stopped.
struct RunBeginning {
  let folder: RunFolder
  let isResumed: Bool

  /// Makes a new folder, or finds the one to resume.
  ///
  /// - Parameters:
  ///   - options: What decides about the numbers; a run is resumed with the same only.
  ///   - models: The models of the sweep.
  ///   - seed: The sweep's seed.
  ///   - resume: Nil for a new run; else a folder, or "newest".
  ///   - out: Where runs lie.
  /// - Throws: `Failure` if the run was begun otherwise, `ResultsError` if it cannot be read or made.
  init(
    options: [String: String], models: [ModelShape], seed: UInt64, resume: String?, out: String
  ) throws {
    let capture = EnvironmentCapture()
    let now = Date()
    let environment = { (run: String) in
      capture.environment(
        run: run, utc: UTC.readable(now), version: Ternbench.version,
        commandLine: CommandLine.arguments, options: options, seeds: [seed],
        models: models.map { model in
          RunEnvironment.Model(slug: model.slug, layers: Target.layers(of: model).map(\.layer))
        })
    }
    if let resume, let found = try Self.find(resume, environment(""), in: out) {
      folder = found.folder
      isResumed = true
      var earlier = found.environment
      earlier.resumed = (earlier.resumed ?? []) + [UTC.readable(now)]
      try earlier.write(to: folder.environment)
      Console.note("resuming \(folder.path)")
    } else {
      if resume != nil {
        Console.note("no run in \(out) to resume: beginning a new one")
      }
      folder = try RunFolder(
        creatingIn: out, utc: now, host: capture.host, commit: capture.commit.value ?? "nogit")
      isResumed = false
      try environment(folder.run).write(to: folder.environment)
    }
  }

  /// The command line that goes on with this run.
  var commandToResume: String {
    var arguments: [String] = []
    var skipsValue = false
    for argument in CommandLine.arguments {
      let isValue = skipsValue && !argument.hasPrefix("-")
      skipsValue = argument == "--resume"
      if !isValue, argument != "--resume", !argument.hasPrefix("--resume=") {
        arguments.append(argument)
      }
    }
    return (arguments + ["--resume", folder.path]).map(Self.quoted).joined(separator: " ")
  }

  /// The run that is to be resumed; nil if none was named and there is none.
  private static func find(
    _ resume: String, _ current: RunEnvironment, in out: String
  ) throws -> (folder: RunFolder, environment: RunEnvironment)? {
    let isNamed = resume != "newest"
    guard let folder = isNamed ? try RunFolder(resuming: resume) : RunFolder.all(in: out).first
    else { return nil }
    let earlier = try RunEnvironment(contentsOf: folder.environment)
    if let difference = Self.difference(earlier, current) {
      throw Failure.usage(
        "--resume \(folder.path): \(difference); give the options it was begun with, "
          + "or begin a new run without --resume")
    }
    return (folder, earlier)
  }

  /// The first thing in which a run differs from what would be measured now.
  private static func difference(_ earlier: RunEnvironment, _ now: RunEnvironment) -> String? {
    let options = Set(earlier.options.keys).union(now.options.keys).sorted().map {
      ($0.replacing("_", with: "-"), earlier.options[$0] ?? "nothing", now.options[$0] ?? "nothing")
    }
    let rest = [
      ("host", earlier.host, now.host),
      ("processor", "\(earlier.processor.model)", "\(now.processor.model)"),
      ("version", earlier.program.version, now.program.version),
      ("commit", "\(earlier.program.commit)", "\(now.program.commit)"),
      ("build", earlier.program.configuration, now.program.configuration),
    ]
    return (options + rest).first { $0.1 != $0.2 }.map { name, earlier, now in
      "it was begun with \(name) '\(earlier)', and now it is '\(now)'"
    }
  }

  /// An argument as a shell reads it back.
  private static func quoted(_ argument: String) -> String {
    let plain = argument.allSatisfy { $0.isLetter || $0.isNumber || "-_=./,:+".contains($0) }
    return plain && !argument.isEmpty
      ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
  }
}
