// ProcessorQuota.swift: the processor time that a container's control group allows.

/// The most CPUs' worth of time that this process gets, whatever the number of CPUs it may run on.
public struct ProcessorQuota: Sendable, Equatable, Codable {
  /// CPUs' worth of time: 1.5 is three halves; nil: no limit.
  public let cpus: Double?
}

extension ProcessorQuota {
  /// Reads the limit of this process's control group and of every group above it; the least counts.
  public static func read(root: String = "/") -> Availability<ProcessorQuota> {
    let files = SystemFiles(root: root)
    let path = "/proc/self/cgroup"
    return files.text(path).flatMap { text in
      for line in text.split(whereSeparator: \.isNewline) {
        // "number:controllers:group"; version 2 is number 0 without controllers.
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { continue }
        if parts[1].split(separator: ",").contains("cpu") {
          return quota(group: parts[2], below: "/sys/fs/cgroup/\(parts[1])", files, version1)
        }
        if parts[0] == "0", files.text("/sys/fs/cgroup/cgroup.controllers").value != nil {
          return quota(group: parts[2], below: "/sys/fs/cgroup", files, version2)
        }
      }
      return .unavailable(reason: "\(path): no group with the cpu controller under /sys/fs/cgroup")
    }
  }

  private static func quota(
    group: Substring, below mount: String, _ files: SystemFiles,
    _ limit: (SystemFiles, String) -> Double?
  ) -> Availability<ProcessorQuota> {
    // Within a container the file lists the host's path, which is not mounted: the mount itself is ours.
    var folders = [mount]
    for name in group.split(separator: "/") {
      folders.append("\(folders[folders.count - 1])/\(name)")
    }
    return .value(ProcessorQuota(cpus: folders.compactMap { limit(files, $0) }.min()))
  }

  /// "200000 100000": microseconds in every so many; "max 100000": no limit.
  private static func version2(_ files: SystemFiles, _ folder: String) -> Double? {
    let words = files.text("\(folder)/cpu.max").value?.split(separator: " ") ?? []
    guard words.count == 2, let time = Double(words[0]), let period = Double(words[1]) else {
      return nil
    }
    return time / period
  }

  /// The same in two files; a time of -1 means no limit.
  private static func version1(_ files: SystemFiles, _ folder: String) -> Double? {
    guard let time = files.integer("\(folder)/cpu.cfs_quota_us").value, time > 0,
      let period = files.integer("\(folder)/cpu.cfs_period_us").value, period > 0
    else { return nil }
    return Double(time) / Double(period)
  }
}
