public import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A program that a test has started, and waits for with a limit.
///
/// Foundation's `Process` learns of an end from a socket that every process started at the same moment inherits,
/// so that it may wait for those too, and it waits for ever.
public struct ChildProcess: Sendable {
  public let id: pid_t
  private let command: String

  /// How a program ended: a status, or the signal that ended it plus 128, as a shell says it.
  public struct Status: Sendable, Equatable {
    public let code: Int32
    public let isSignal: Bool
  }

  /// Why a program could not be started, or was not waited for.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Starts a program with no input.
  ///
  /// - Parameters:
  ///   - command: The program's path and its arguments.
  ///   - out: The file that takes its output; nil for nowhere.
  ///   - error: The same for its standard error.
  ///   - folder: Where it runs; nil for here.
  /// - Throws: `Failure` if it cannot be started.
  public init(
    _ command: [String], out: String? = nil, error: String? = nil, folder: String? = nil
  ) throws {
    #if canImport(Glibc)
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    #else
    var actions: posix_spawn_file_actions_t?
    var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (descriptor, file) in [(Int32(1), out), (2, error)] {
      posix_spawn_file_actions_addopen(
        &actions, descriptor, file ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    }
    // Signals as a shell sets them for a command in the foreground, whatever has started the tests.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
    let command = (folder.map { ["/usr/bin/env", "-C", $0] } ?? []) + command
    var arguments = command.map { strdup($0) }
    arguments.append(nil)
    defer { arguments.forEach { free($0) } }
    var id: pid_t = 0
    let code = posix_spawn(&id, command[0], &actions, &attributes, arguments, environ)
    guard code == 0 else {
      throw Failure(description: "cannot start \(command[0]): \(String(cString: strerror(code)))")
    }
    self.id = id
    self.command = command.joined(separator: " ")
  }

  /// Sends it a signal.
  public func signal(_ number: Int32) {
    _ = kill(id, number)
  }

  /// Waits for its end.
  ///
  /// - Parameter seconds: After which it is killed.
  /// - Returns: How it ended.
  /// - Throws: `Failure` if it had to be killed; the error tells what ran then.
  public func wait(atMost seconds: Int = 900) throws -> Status {
    let step: UInt32 = 2000
    for _ in 0..<(seconds * 1_000_000 / Int(step)) {
      var status: Int32 = 0
      let ended = waitpid(id, &status, WNOHANG)
      if ended == id {
        let signal = status & 0x7F
        return signal == 0
          ? Status(code: status >> 8 & 0xFF, isSignal: false)
          : Status(code: 128 + signal, isSignal: true)
      }
      if ended < 0 && errno != EINTR {
        throw Failure(description: "\(command): \(String(cString: strerror(errno)))")
      }
      usleep(step)
    }
    let table = Self.processTable()
    signal(SIGKILL)
    _ = waitpid(id, nil, 0)
    throw Failure(description: "no end after \(seconds) s of \(command); what ran:\n\(table)")
  }

  /// Number, state, parent and place in the kernel of every process, as far as the system tells.
  private static func processTable() -> String {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.filter { Int32($0) != nil }.map { id in
      let text = { (file: String) in
        (try? String(contentsOfFile: "/proc/\(id)/\(file)", encoding: .utf8)) ?? ""
      }
      let command = text("cmdline").replacing("\0", with: " ")
      return "\(text("stat").prefix(60)) \(text("wchan")) \(command.prefix(120))"
    }.joined(separator: "\n")
  }
}
