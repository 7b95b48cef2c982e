import Foundation
import TestSupport

/// The program as a user runs it.
enum Program {
  struct Output {
    let status: Int32
    let out: String
    let error: String

    /// The lines of standard error.
    var errorLines: [Substring] { error.split(separator: "\n") }
  }

  /// The executable that was built beside the tests.
  static var path: URL { get throws { try BuiltProgram.path("ternbench") } }

  static var isEmulated: Bool { BuiltProgram.isEmulated }

  static func run(_ arguments: String..., folder: String? = nil) throws -> Output {
    try run(arguments, folder: folder)
  }

  /// Runs the program, or the copy of it at `program`.
  static func run(_ arguments: [String], program: String? = nil, folder: String? = nil) throws
    -> Output
  {
    // An emulated process cannot start others of its kind.
    let mode = isEmulated && arguments.first == "bench" ? ["--in-process"] : []
    // Files, not pipes: a full pipe would stop the program.
    let scratch = try TemporaryFolder()
    let outFile = scratch.path + "/out"
    let errorFile = scratch.path + "/error"
    let process = try ChildProcess(
      BuiltProgram.emulator + [try program ?? path.path] + arguments + mode, out: outFile,
      error: errorFile,
      folder: folder)
    let status = try process.wait()
    return Output(
      status: status.code,
      out: try String(contentsOfFile: outFile, encoding: .utf8),
      error: try String(contentsOfFile: errorFile, encoding: .utf8))
  }
}

/// A folder that is removed with the object.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("ternbench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}
