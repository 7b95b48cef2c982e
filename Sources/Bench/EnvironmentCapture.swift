internal import Foundation
internal import MPGEMM
internal import Machine
public import Results

/// Describes what a run is measured with and on.
public struct EnvironmentCapture: Sendable {
  /// The commit of the sources, twelve digits, or why it is unknown.
  public let commit: Observed<String>
  /// Whether the sources differ from the commit.
  public let modified: Observed<Bool>
  private let machine: Machine

  /// Reads the machine and asks git about the folder that this program was built in.
  public init() {
    machine = Machine.read(isa: ISA.current.names)
    let folder = Bundle.main.executableURL?.resolvingSymlinksInPath()
      .deletingLastPathComponent().path
    commit = Self.git(["rev-parse", "--short=12", "HEAD"], in: folder)
    switch Self.git(["status", "--porcelain", "--untracked-files=no"], in: folder) {
    case .value(let text): modified = .value(!text.isEmpty)
    case .unavailable(let reason): modified = .unavailable(reason: reason)
    }
  }

  /// The machine's name on its network.
  public var host: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The description of one run.
  public func environment(
    run: String, utc: String, version: String, commandLine: [String], options: [String: String],
    seeds: [UInt64], models: [RunEnvironment.Model]
  ) -> RunEnvironment {
    let system = machine.operatingSystem
    var described = RunEnvironment.System(
      name: Observed(system.distribution), kernel: Observed(system.kernelRelease),
      architecture: Self.architecture, hypervisor: hypervisor,
      memoryBytes: Observed(system.memoryBytes), pageBytes: system.pageBytes,
      transparentHugePages: Observed(system.transparentHugePages))
    described.emulator = Observed(
      machine.emulator.map { $0?.description ?? RunEnvironment.noEmulator })
    return RunEnvironment(
      run: run, utc: utc, host: host, commandLine: commandLine, options: options, seeds: seeds,
      models: models,
      program: RunEnvironment.Program(
        version: version, commit: commit, modified: modified,
        configuration: BuildConfiguration.current.rawValue,
        compiler: .value(KernelBuild.compiler), flags: .value(KernelBuild.flags)),
      processor: processor, system: described)
  }

  /// The processor that executes this program; an emulator shows us files of its host's, which are none of it.
  private var processor: RunEnvironment.Processor {
    let emulator = machine.emulator.value ?? nil
    func fact<Value>(_ fact: Availability<Value>) -> Observed<Value> {
      guard let emulator else { return Observed(fact) }
      return .unavailable(reason: "\(emulator.name) has none, and shows its host's")
    }
    return RunEnvironment.Processor(
      model: emulator.map { .value($0.description) } ?? Observed(machine.cpu.modelName),
      vendor: fact(machine.cpu.vendor), features: machine.cpu.isa,
      logicalProcessors: machine.topology.usableThreads,
      caches: fact(
        machine.caches.kinds.map { kinds in
          kinds.map {
            RunEnvironment.Cache(
              level: $0.level, type: $0.content.rawValue, bytes: $0.bytes, sharedBy: $0.sharers)
          }
        }),
      governor: fact(machine.frequency.governors.map { $0.joined(separator: ", ") }),
      gigahertz: fact(machine.frequency.gigahertz))
  }

  private var hypervisor: Observed<String> {
    switch machine.virtualization.isGuest {
    case .value(true):
      // That there is one is known even where its name is not.
      .value(machine.virtualization.product.value ?? "one without a name")
    case .value(false): .value("none")
    case .unavailable(let reason): .unavailable(reason: reason)
    }
  }

  private static var architecture: String {
    #if arch(x86_64)
    "x86_64"
    #elseif arch(arm64)
    "aarch64"
    #else
    "other"
    #endif
  }

  /// What git prints, run in a folder, or why it prints nothing.
  private static func git(_ arguments: [String], in folder: String?) -> Observed<String> {
    guard let folder else {
      return .unavailable(reason: "the program's own path is unknown")
    }
    do {
      let (text, status) = try Subprocess.output(of: ["git", "-C", folder] + arguments)
      return switch status {
      case 0: .value(text.trimmingCharacters(in: .whitespacesAndNewlines))
      case 127: .unavailable(reason: "git cannot be run: it is not on the path")
      default: .unavailable(reason: "the program does not lie in a git work tree")
      }
    } catch {
      return .unavailable(reason: "git cannot be run: \(error.description)")
    }
  }
}

/// How this program was compiled; only a release build is worth measuring.
public enum BuildConfiguration: String, Sendable {
  case debug, release

  public static var current: BuildConfiguration {
    #if DEBUG
    .debug
    #else
    .release
    #endif
  }
}

extension Observed {
  /// What the machine tells, in the words of a results file.
  fileprivate init(_ availability: Availability<Value>) {
    switch availability {
    case .value(let value): self = .value(value)
    case .unavailable(let reason): self = .unavailable(reason: reason)
    }
  }
}
