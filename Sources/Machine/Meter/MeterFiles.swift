// MeterFiles.swift: the two questions that energy sources ask a file system.

/// Reads sensor files; a test gives closures of its own to deny or damage some.
struct MeterFiles: Sendable {
  /// The text of a file, without white space at its ends.
  var text: @Sendable (_ path: String) -> Result<String, FileFailure>
  /// The names in a folder, sorted.
  var names: @Sendable (_ folder: String) -> Result<[String], FileFailure>

  /// Reads the tree that begins at the root.
  init(root: String) {
    let files = SystemFiles(root: root)
    text = { files.contents($0) }
    names = { files.names(in: $0) }
  }

  /// Reads a number that cannot be negative.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - remedy: What to do where permissions are in the way; ends the reason.
  /// - Returns: The number, or the reason with the path.
  func count(_ path: String, remedy: String = "") -> Availability<UInt64> {
    switch text(path) {
    case .success(let text):
      UInt64(text).map { .value($0) }
        ?? .unavailable(reason: "\(path): \"\(text.prefix(40))\" is not a count")
    case .failure(let failure):
      .unavailable(reason: failure.isDenied ? failure.description + remedy : failure.description)
    }
  }
}
