// Subprocess.swift: starts, watches and ends processes of ours, and hands them open files.

import CMachine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the operating system refused to do with a process, and why.
public struct ProcessError: Error, CustomStringConvertible {
  public let description: String

  init(_ what: String, code: Int32) {
    description = "\(what): \(String(cString: strerror(code)))"
  }
}

/// A process that this one has started, or has been told of.
public struct Subprocess: Sendable, Equatable {
  /// Its number.
  public let id: Int32

  /// Takes the number of a process that is known to run.
  public init(id: Int32) {
    self.id = id
  }

  /// How a process ended.
  public enum End: Sendable, Equatable {
    case exited(Int32)
    case signal(Int32)
  }

  /// Starts a program in a process group of its own, which a terminal's interrupt does not reach.
  ///
  /// - Parameters:
  ///   - program: The file to run.
  ///   - arguments: The program's name, then what follows it.
  ///   - socket: An open socket, which the program finds as `Subprocess.control`.
  /// - Returns: The running process, a child of this one.
  /// - Throws: `ProcessError` if the program cannot be started.
  public static func spawn(
    _ program: String, arguments: [String], socket: Int32
  ) throws(ProcessError) -> Subprocess {
    var id: Int32 = 0
    var pointers = arguments.map { strdup($0) }
    pointers.append(nil)
    defer { pointers.forEach { free($0) } }
    let code = cmachine_spawn(program, pointers, socket, &id)
    guard code == 0 else { throw ProcessError("cannot start \(program)", code: code) }
    return Subprocess(id: id)
  }

  /// Runs a program to its end, without its standard error.
  ///
  /// - Parameter command: The program, looked for on the path, and its arguments.
  /// - Returns: What it printed, and its exit status.
  /// - Throws: `ProcessError` if no process can be started; a missing program is a status of 127.
  public static func output(of command: [String]) throws(ProcessError) -> (
    text: String, status: Int32
  ) {
    let quoted = command.map {
      "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        + "'"
    }
    guard let stream = popen(quoted.joined(separator: " ") + " 2>/dev/null </dev/null", "r") else {
      throw ProcessError("cannot start \(command.first ?? "")", code: errno)
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 {
      bytes += chunk[..<count]
    }
    let status = pclose(stream)
    let signal = status & 0x7F
    return (String(decoding: bytes, as: UTF8.self), signal == 0 ? status >> 8 & 0xFF : 128 + signal)
  }

  /// The descriptor of the socket that a spawned program was given.
  public static let control = Int32(CMACHINE_CONTROL)

  /// Doubles this process, which must have one thread; returns nil in the child.
  public static func fork() throws(ProcessError) -> Subprocess? {
    let id = cmachine_fork()
    guard id >= 0 else { throw ProcessError("cannot fork", code: -id) }
    return id == 0 ? nil : Subprocess(id: id)
  }

  /// Ends the process at once; it is no error if it has ended.
  public func kill() {
    #if canImport(Darwin)
    _ = Darwin.kill(id, SIGKILL)
    #else
    _ = Glibc.kill(id, SIGKILL)
    #endif
  }

  /// Waits for a child to end, and says how it did.
  public func wait() throws(ProcessError) -> End {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 {
      guard errno == EINTR else { throw ProcessError("cannot wait for \(id)", code: errno) }
    }
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .signal(signal)
  }

  /// Bytes of memory that the process occupies now; nil if it has ended.
  public var residentBytes: Int? {
    let statm = SystemFiles(root: "/").text("/proc/\(id)/statm").value
    let pages = statm?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
  }

  /// The number of the running process.
  public static var current: Int32 { getpid() }

  /// Makes this process end with its parent, be the first to go when memory is short, and leave no
  /// core file, which of a large process takes minutes.
  ///
  /// - Returns: False if the parent has ended already.
  public static func dependOnParent(_ parent: Int32) -> Bool {
    _ = cmachine_forbid_core_files()
    if let file = fopen("/proc/self/oom_score_adj", "w") {
      fputs("1000", file)
      fclose(file)
    }
    return cmachine_die_with_parent(parent) != ESRCH
  }

  /// A pair of connected sockets, closed on exec.
  public static func socketPair() throws(ProcessError) -> (ours: Int32, theirs: Int32) {
    var pair: [Int32] = [0, 0]
    #if os(Linux)
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    #else
    let type = SOCK_STREAM
    #endif
    guard socketpair(AF_UNIX, type, 0, &pair) == 0 else {
      throw ProcessError("cannot make a socket", code: errno)
    }
    return (pair[0], pair[1])
  }

  /// Hands an open descriptor over a socket.
  public static func send(descriptor: Int32, over socket: Int32) throws(ProcessError) {
    let code = cmachine_send_descriptor(socket, descriptor)
    guard code == 0 else { throw ProcessError("cannot hand over a socket", code: code) }
  }

  /// Takes a descriptor that was handed over.
  public static func receiveDescriptor(over socket: Int32) throws(ProcessError) -> Int32 {
    let descriptor = cmachine_receive_descriptor(socket)
    guard descriptor >= 0 else {
      throw ProcessError("no socket was handed over", code: -descriptor)
    }
    return descriptor
  }
}

/// The user's wish to stop: SIGINT, as Ctrl-C sends it.
public enum Interrupt {
  /// Has the first interrupt only print a notice and be remembered; a second one ends the process.
  public static func hold(notice: String) {
    _ = cmachine_catch_interrupt(notice)
  }

  /// Whether there has been one.
  public static var isPending: Bool { cmachine_interrupted() != 0 }
}
