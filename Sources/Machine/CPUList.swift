// CPUList.swift: the kernel's way to write a set of CPUs.

/// Parses a kernel CPU list such as "0-3,8" into ascending numbers; nil where it is malformed.
///
/// The empty text is the empty list, as in a `cpuset` that nobody has filled.
func parseCPUList(_ text: some StringProtocol) -> [Int]? {
  var cpus: Set<Int> = []
  for part in text.trimmed.split(separator: ",") {
    let bounds = part.split(separator: "-", omittingEmptySubsequences: false)
    guard let first = bounds.first.flatMap({ Int($0) }),
      let last = bounds.last.flatMap({ Int($0) }),
      bounds.count <= 2, 0 <= first, first <= last, last < maximumCPUs
    else { return nil }
    cpus.formUnion(first...last)
  }
  return cpus.sorted()
}

/// The most CPUs that Linux allows on the architectures we run on; a list beyond is damage.
let maximumCPUs = 8192
