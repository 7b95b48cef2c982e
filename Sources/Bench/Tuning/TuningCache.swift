internal import Foundation
internal import MPGEMM
internal import Machine
internal import Results

/// Where tuning tables are kept between runs: a file in the user's cache folder.
public struct TuningCache: Sendable {
  public let path: String

  /// The cache in a folder: `<folder>/ternbench/tuning.json`.
  public init(folder: String) {
    path = "\(folder)/ternbench/tuning.json"
  }

  /// The user's cache: in `$XDG_CACHE_HOME`, or in `~/.cache`.
  ///
  /// - Returns: Nil where the environment names neither.
  public init?(environment: [String: String]) {
    if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
      self.init(folder: folder)
    } else if let home = environment["HOME"], !home.isEmpty {
      self.init(folder: "\(home)/.cache")
    } else {
      return nil
    }
  }

  /// What there is for a machine and a build, or why that is of no use.
  public enum Found: Equatable, Sendable {
    case table(TuningTable)
    /// No file.
    case nothing
    /// A file that is ignored, and why.
    case ignored(String)
  }

  /// Reads the table, if it is one of this machine and build.
  public func read(_ identity: TuningTable.Identity) -> Found {
    guard FileManager.default.fileExists(atPath: path) else { return .nothing }
    guard let data = FileManager.default.contents(atPath: path) else {
      return .ignored("it cannot be read")
    }
    struct Versioned: Codable { let version: Int }
    // Swift 6.0's decoder traps on a key that is no JSON; this throws.
    guard (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)) != nil,
      let versioned = try? JSONDecoder().decode(Versioned.self, from: data)
    else {
      return .ignored("it is damaged")
    }
    guard versioned.version == TuningTable.currentVersion else {
      return .ignored("it is of version \(versioned.version), not \(TuningTable.currentVersion)")
    }
    guard let table = try? JSONDecoder().decode(TuningTable.self, from: data) else {
      return .ignored("it is damaged")
    }
    if let inconsistency = table.inconsistency { return .ignored(inconsistency) }
    guard table.identity.processor == identity.processor, table.identity.isa == identity.isa else {
      return .ignored("it was measured on another processor, \(table.identity.processor)")
    }
    guard table.identity.build == identity.build else {
      return .ignored("it was measured with other kernels or another build")
    }
    return .table(table)
  }

  /// Writes a table in place of what is there, whole or not at all.
  ///
  /// - Throws: `ResultsError`.
  public func write(_ table: TuningTable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try RunFolder.makeFolders(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    try AtomicFile.write(
      String(decoding: try encoder.encode(table), as: UTF8.self) + "\n", to: path)
  }
}

extension TuningTable.Identity {
  /// This machine and this program.
  ///
  /// - Parameter version: The program's.
  /// - Returns: What a table must be of to be of use.
  public static func current(version: String) -> TuningTable.Identity {
    let kernels = Kernel.all.map { "\($0.name) \($0.layout) \($0.bitsPerWeight)" }
    let build = [version, KernelBuild.compiler, KernelBuild.flags] + kernels
    return TuningTable.Identity(
      processor: Machine.read(isa: ISA.current.names).cpu.modelName.value ?? "unknown",
      isa: ISA.current.names.sorted(),
      build: "\(version) \(fingerprint(build.joined(separator: "\n")))")
  }

  /// FNV-1a in hexadecimal: the same for equal texts in every process.
  private static func fingerprint(_ text: String) -> String {
    let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(hash, radix: 16)
  }
}
