// FakeRoot.swift: a file tree that stands in for the machine's own.

import Foundation

/// A temporary folder with the given files in it, removed with the object.
final class FakeRoot {
  let path: String

  /// Writes the files, whose contents are given by absolute path, as on a machine.
  init(_ files: [String: String]) throws {
    path = NSTemporaryDirectory() + "machine-tests-" + UUID().uuidString
    for (name, contents) in files { try write(contents, to: name) }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ contents: String, to name: String) throws {
    let url = URL(fileURLWithPath: path + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data((contents + "\n").utf8).write(to: url)
  }

  /// Removes a file or a folder.
  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path + name)
  }
}

extension FakeRoot {
  /// The files of a machine with SMT: CPU c and CPU c + cores are the two threads of core c.
  ///
  /// The packages divide the cores among them; `allowed` is the kernel's list for this process.
  static func smt(packages: Int, cores: Int, allowed: String) -> [String: String] {
    var files = [
      "/sys/devices/system/cpu/online": "0-\(2 * cores - 1)",
      "/proc/self/status": "Name:\tternbench\nCpus_allowed:\tff\nCpus_allowed_list:\t\(allowed)",
    ]
    for cpu in 0..<2 * cores {
      let core = cpu % cores
      let package = core / (cores / packages)
      let folder = "/sys/devices/system/cpu/cpu\(cpu)"
      files["\(folder)/topology/core_cpus_list"] = "\(core),\(core + cores)"
      files["\(folder)/topology/physical_package_id"] = "\(package)"
      let first = package * cores / packages
      let last = first + cores / packages - 1
      let caches = [
        ("1", "Data", "48K", "\(core),\(core + cores)"),
        ("1", "Instruction", "32K", "\(core),\(core + cores)"),
        ("2", "Unified", "2048K", "\(core),\(core + cores)"),
        ("3", "Unified", "491520K", "\(first)-\(last),\(first + cores)-\(last + cores)"),
      ]
      for (index, cache) in caches.enumerated() {
        files["\(folder)/cache/index\(index)/level"] = cache.0
        files["\(folder)/cache/index\(index)/type"] = cache.1
        files["\(folder)/cache/index\(index)/size"] = cache.2
        files["\(folder)/cache/index\(index)/shared_cpu_list"] = cache.3
      }
    }
    return files
  }
}
