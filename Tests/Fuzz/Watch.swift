#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Ends the process with the number of its input where an input takes too long, too much memory, or traps.
enum Watch {
  /// The input that is read, for the handler of a signal.
  nonisolated(unsafe) private static var input = 0
  /// CPU time, so that a busy machine is no reason.
  private static let seconds = 30

  /// Names the input behind every signal that ends the process, on a stack of its own.
  static func begin() {
    let size = 1 << 16
    var stack = stack_t()
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    stack.ss_size = size
    sigaltstack(&stack, nil)
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGVTALRM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        Watch.tell("\nfuzz: input ", Watch.input)
        Watch.tell(" ended by signal ", Int(number))
        Watch.tell("; --first ", Watch.input)
        Watch.tell(" --count ", 1)
        // The default action is back, and ends the process.
        raise(number)
      }
      action.sa_flags = SA_ONSTACK | Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_NODEFER
      sigaction(number, &action, nil)
    }
  }

  /// Counts an input's time from here.
  static func next(_ input: Int) {
    self.input = input
    var time = itimerval()
    time.it_value.tv_sec = seconds
    setitimer(__itimer_which_t(ITIMER_VIRTUAL.rawValue), &time, nil)
  }

  /// Lets the process have no more private memory than now and so many bytes.
  static func limit(to bytes: Int) {
    let limit = rlim_t(size(of: "VmData:") + bytes)
    var both = rlimit(rlim_cur: limit, rlim_max: limit)
    guard setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &both) == 0 else {
      perror("setrlimit")
      exit(71)
    }
  }

  /// A line of /proc/self/status, in bytes.
  static func size(of name: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      guard text.hasPrefix(name) else { continue }
      return text.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map {
        $0 * 1024
      }
        ?? 0
    }
    return 0
  }

  /// Writes a text and a number without allocating.
  private static func tell(_ text: StaticString, _ number: Int) {
    _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
    var divisor = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      var digit = UInt8(ascii: "0") + UInt8(number / divisor % 10)
      _ = write(2, &digit, 1)
      divisor /= 10
    }
  }
}
