public import Foundation

/// The folder of one run, `results/<utc>-<host>-<commit>/`: the only truth about it.
public struct RunFolder: Equatable, Sendable {
  /// The folder's path, as given.
  public let path: String

  /// The run's id: the folder's name.
  public var run: String { path.split(separator: "/").last.map(String.init) ?? path }

  public var kernels: String { "\(path)/kernels.csv" }
  public var samples: String { "\(path)/samples.csv" }
  public var ceilings: String { "\(path)/ceilings.csv" }
  /// Which cases are complete, for a run that is resumed.
  public var progress: String { "\(path)/progress.csv" }
  public var energy: String { "\(path)/energy.csv" }
  public var decode: String { "\(path)/decode.csv" }
  public var counters: String { "\(path)/counters.csv" }
  public var environment: String { "\(path)/environment.json" }

  /// Makes the folder of a new run, and the folders above it.
  ///
  /// A second run within the same second gets a number behind its name.
  public init(
    creatingIn parent: String, utc: Date, host: String, commit: String
  ) throws {
    try RunFolder.makeFolders(parent)
    let name = RunFolder.name(utc: utc, host: host, commit: commit)
    var attempt = 1
    while true {
      let path = attempt == 1 ? "\(parent)/\(name)" : "\(parent)/\(name)-\(attempt)"
      if mkdir(path, 0o755) == 0 {
        self.path = path
        try OpenFile.syncFolder(of: path)
        return
      }
      guard errno == EEXIST else { throw OpenFile.failure(path, "cannot make the folder") }
      attempt += 1
    }
  }

  /// Opens the folder of a run that was measured.
  public init(opening path: String) throws {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.path = path
    guard access(environment, F_OK) == 0,
      access(kernels, F_OK) == 0 || access(decode, F_OK) == 0
    else {
      let exists = access(path, F_OK) == 0
      throw ResultsError(
        .io, file: path,
        reason: exists
          ? "holds no environment.json with a kernels.csv or decode.csv" : "no such folder",
        remedy: RunFolder.remedy(missing: path))
    }
  }

  /// Whether a path is that of a folder that `decode` wrote, which holds no kernels.
  public static func isOfDecode(_ path: String) -> Bool {
    access("\(path)/decode.csv", F_OK) == 0 && access("\(path)/kernels.csv", F_OK) != 0
  }

  /// Opens the folder of a run that was begun, whether or not a row has been written.
  public init(resuming path: String) throws {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.path = path
    guard access(environment, F_OK) == 0 else {
      throw ResultsError(
        .io, file: path,
        reason: access(path, F_OK) == 0 ? "holds no environment.json" : "no such folder",
        remedy: "name the folder of a run, or leave it out for the newest")
    }
  }

  /// The folders of runs within one folder, the newest first.
  public static func all(in parent: String) -> [RunFolder] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    return names.sorted().reversed().compactMap { try? RunFolder(resuming: "\(parent)/\($0)") }
  }

  /// The checkpoints of a run, and how many bytes of `progress.csv` they take; none if there is no such file.
  public func checkpoints() throws -> (rows: [CheckpointRow], bytes: Int) {
    guard access(progress, F_OK) == 0 else { return ([], 0) }
    let reader = try CSVReader<CheckpointRow>(progress, tornLine: .leaveOut)
    return (reader.rows, reader.completeBytes)
  }

  /// Removes the files of rows, for a run of which no case is complete.
  public func removeRows() throws {
    for file in [progress, kernels, samples, ceilings, counters] {
      guard unlink(file) == 0 || errno == ENOENT else {
        throw OpenFile.failure(file, "cannot remove")
      }
    }
  }

  /// `<utc>-<host>-<commit>`, in characters that are legal in every path.
  static func name(utc: Date, host: String, commit: String) -> String {
    let legal = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    return "\(UTC.compact(utc))-\(host)-\(commit)".map { legal.contains($0) ? String($0) : "_" }
      .joined()
  }

  /// Makes a folder and those above it; one that exists is well.
  public static func makeFolders(_ path: String) throws {
    var folder = path.hasPrefix("/") ? "/" : ""
    for name in path.split(separator: "/") {
      folder += folder.isEmpty || folder == "/" ? "\(name)" : "/\(name)"
      guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
        throw OpenFile.failure(folder, "cannot make the folder")
      }
    }
  }

  /// The runs that lie where the missing one was looked for, newest first.
  private static func remedy(missing path: String) -> String {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    for folder in [path, parent, "results"] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      let runs = names.filter { access("\(folder)/\($0)/kernels.csv", F_OK) == 0 }.sorted()
      if let newest = runs.last { return "the newest run there is \(folder)/\(newest)" }
    }
    return "measure a run with: ternbench bench"
  }
}

/// Instants as text, the same on every machine.
public enum UTC {
  /// `20261121T031500Z`, fit for file names.
  public static func compact(_ instant: Date) -> String {
    let t = components(instant)
    return t[0] + t[1] + t[2] + "T" + t[3] + t[4] + t[5] + "Z"
  }

  /// `2026-11-21T03:15:00Z`.
  public static func readable(_ instant: Date) -> String {
    let t = components(instant)
    return t[..<3].joined(separator: "-") + "T" + t[3...].joined(separator: ":") + "Z"
  }

  /// Year, month, day, hour, minute and second, with leading zeros.
  private static func components(_ instant: Date) -> [String] {
    var seconds = time_t(instant.timeIntervalSince1970.rounded(.down))
    var t = tm()
    gmtime_r(&seconds, &t)
    let values = [t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec]
    return values.map { $0 < 10 ? "0\($0)" : "\($0)" }
  }
}
