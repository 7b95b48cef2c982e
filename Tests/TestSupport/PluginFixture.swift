public import Foundation

/// C sources of this repository, built as plug-ins with the system's compiler.
public enum PluginFixture {
  public static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardized
  /// What fixtures are made of, and may include.
  public static let folder = repository.appending(path: "Tests/Conformance/Mutants")

  /// Why there is no plug-in.
  struct NotBuilt: Error {
    let reason: String
  }

  /// Every C file in a folder of `plugins`, relative to the repository.
  public static let examples: [String] = {
    let found = FileManager.default.enumerator(atPath: repository.appending(path: "plugins").path)
    return (found?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".c") }.sorted()
      .map { "plugins/" + $0 }
  }()

  /// Builds a file of the repository as a shared library, and returns the library's path.
  public static func build(_ source: URL) throws -> String {
    try compile([source.path])
  }

  /// Builds files of the repository, and each of them after a header.
  public static func build(_ sources: [String], including header: String) throws -> String {
    let paths = sources.map { repository.appending(path: $0).path }
    // A symbol that the program also has is to be the plug-in's own.
    let flags = [
      "-D_GNU_SOURCE", "-include", repository.appending(path: header).path, "-Wl,-Bsymbolic",
    ]
    return try compile(flags + ["-I", repository.appending(path: "kernels").path] + paths)
  }

  /// Builds a source text, which may include what the mutants include.
  public static func build(text: String) throws -> String {
    let source = temporaryFile("c")
    try text.write(to: source, atomically: true, encoding: .utf8)
    return try compile([source.path])
  }

  private static func temporaryFile(_ type: String) -> URL {
    FileManager.default.temporaryDirectory.appending(path: "plugin-\(UUID().uuidString).\(type)")
  }

  private static func compile(_ sources: [String]) throws -> String {
    let library = temporaryFile("so")
    let log = temporaryFile("log")
    defer { try? FileManager.default.removeItem(at: log) }
    let process = try ChildProcess(
      [try compiler().path, "-std=c11", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror"]
        + ["-I", repository.appending(path: "kernels/include").path, "-I", folder.path]
        + sources + ["-o", library.path], error: log.path)
    guard try process.wait() == .init(code: 0, isSignal: false) else {
      let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
      throw NotBuilt(reason: "\(sources) does not compile: \(said)")
    }
    return library.path
  }

  /// The first of clang, cc and gcc on the path; a Swift toolchain brings the first.
  private static func compiler() throws -> URL {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
    let found = ["clang", "cc", "gcc"].lazy.flatMap { name in
      path.split(separator: ":").map { URL(filePath: String($0)).appending(path: name) }
    }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    guard let found else {
      throw NotBuilt(reason: "no C compiler on PATH: install clang or gcc")
    }
    return found
  }
}
