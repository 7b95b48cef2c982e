// PageKindTests.swift: pages of recorded mappings, and of one of our own.

import Foundation
import Testing

@testable import Machine

@Suite struct PageKindTests {
  /// A mapping of 6 MiB from 0x7f0000100000: two huge pages fit between its unaligned ends.
  private func smaps(huge: Int, resident: Int = 6144, page: Int = 4) -> String {
    """
    55a000000000-55a000002000 r--p 00000000 fe:00 254163    /usr/bin/ternbench
    Rss:                   8 kB
    KernelPageSize:        4 kB
    AnonHugePages:         0 kB
    7f0000100000-7f0000700000 rw-p 00000000 00:00 0
    Size:               6144 kB
    KernelPageSize:     \(page) kB
    MMUPageSize:        \(page) kB
    Rss:                \(resident) kB
    AnonHugePages:      \(huge) kB
    VmFlags: rd wr mr mw me hg
    """
  }

  private func kind(_ smaps: String, at address: UInt = 0x7f00_0020_0000) throws
    -> Availability<PageKind>
  {
    let root = try FakeRoot([
      "/proc/self/smaps": smaps,
      "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size": "2097152",
    ])
    return PageKind.read(address: address, byteCount: 1 << 20, root: root.path)
  }

  @Test func allThatCanBeHugeIs() throws {
    #expect(try kind(smaps(huge: 4096)) == .value(.uniform(bytes: 2 << 20)))
  }

  @Test func noneIsHuge() throws {
    #expect(try kind(smaps(huge: 0)) == .value(.uniform(bytes: 4096)))
  }

  @Test func someAre() throws {
    #expect(try kind(smaps(huge: 2048)) == .value(.mixed))
  }

  @Test func explicitHugePages() throws {
    #expect(
      try kind(smaps(huge: 0, resident: 0, page: 2048)) == .value(.uniform(bytes: 2 << 20)))
  }

  @Test func untouchedMemoryHasNoPages() throws {
    #expect(
      try kind(smaps(huge: 0, resident: 0)).reason
        == "/proc/self/smaps: nothing of the range is resident")
  }

  @Test func unmappedMemoryIsNamed() throws {
    #expect(
      try kind(smaps(huge: 0), at: 0x1000).reason == "/proc/self/smaps: no mapping holds the range")
  }

  @Test func kindsArePrintedAsTheFieldDoes() {
    #expect(PageKind.uniform(bytes: 4096).description == "4K")
    #expect(PageKind.uniform(bytes: 65536).description == "64K")
    #expect(PageKind.uniform(bytes: 2 << 20).description == "2M")
    #expect(PageKind.mixed.description == "mixed")
  }

  #if os(Linux)
  @Test func ordinaryMemoryOfThisProcess() throws {
    let bytes = 8 << 20
    let memory = try #require(
      mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | Int32(MAP_ANONYMOUS), -1, 0))
    defer { munmap(memory, bytes) }
    #expect(madvise(memory, bytes, 15 /* MADV_NOHUGEPAGE */) == 0)
    memset(memory, 1, bytes)
    let kind = PageKind.read(address: UInt(bitPattern: memory), byteCount: bytes)
    #expect(kind == .value(.uniform(bytes: Int(sysconf(Int32(_SC_PAGESIZE))))))
  }
  #endif
}
