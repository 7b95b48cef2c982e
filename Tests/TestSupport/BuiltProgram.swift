public import Foundation

/// A program that was built beside the tests.
public enum BuiltProgram {
  public struct Missing: Error {
    let path: String
  }

  /// What programs are run by where the tests themselves are emulated, as `make test-arm` does.
  public static let emulator =
    (ProcessInfo.processInfo.environment["TERNBENCH_EMULATOR"] ?? "").split(separator: " ")
    .map(String.init)

  public static var isEmulated: Bool { !emulator.isEmpty }

  /// Where a program is.
  public static func path(_ name: String) throws -> URL {
    var folder = Bundle.main.executableURL?.deletingLastPathComponent()
    // On Linux the tests run from the bundle's folder or from the toolchain's runner.
    for argument in CommandLine.arguments where argument.contains(".xctest") {
      folder = URL(fileURLWithPath: argument).deletingLastPathComponent()
    }
    guard let file = folder?.appendingPathComponent(name),
      FileManager.default.isExecutableFile(atPath: file.path)
    else { throw Missing(path: "\(folder?.path ?? "")/\(name)") }
    return file
  }

  /// The words that start a program, emulated where the tests are.
  public static func command(_ name: String) throws -> [String] {
    emulator + [try path(name).path]
  }
}
