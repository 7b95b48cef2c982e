import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
  static func print(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// Text as it is, shown at once: standard output is not buffered.
  static func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
  }

  static func error(_ message: String) {
    note("ternbench: error: \(message)")
  }

  static func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// The width of the terminal behind standard error.
  static var errorWidth: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// One line on the terminal that says what is done, how far it is and how long it takes yet.
///
/// Where standard error is no terminal, it writes nothing.
final class ProgressLine {
  private let visible =
    Console.errorIsTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  private var lastWrite = Date.distantPast

  /// Shows a line, at most ten times a second.
  func show(_ text: String) {
    guard visible, Date().timeIntervalSince(lastWrite) > 0.1 else { return }
    lastWrite = Date()
    write(String(text.prefix(max(Console.errorWidth - 1, 10))))
  }

  /// Removes the line.
  func clear() {
    if visible { write("") }
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data("\r\u{1B}[2K\(text)".utf8))
  }

  /// Seconds as a person says them: "40 s", "3 min".
  static func duration(_ seconds: Double) -> String {
    seconds < 90 ? "\(Int(seconds.rounded())) s" : "\(Int((seconds / 60).rounded())) min"
  }
}
