// LoadsTests.swift: which instructions are told to read memory, held against an assembler's reading of them.

#if os(Linux)
import Foundation
import Testing

@testable import Machine

@Suite struct LoadsTests {
  /// An instruction as the assembler wrote and encoded it.
  typealias Assembled = (text: String, code: String)

  private static func isLoad(_ assembled: Assembled) -> Bool {
    let digits = Array(assembled.code)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    // Whoever decodes may look at what would be the next byte.
    return (bytes + [0, 0]).withUnsafeBytes { code in
      code.baseAddress.map { InstructionStepper.isLoad($0) } ?? false
    }
  }

  @Test func whatReadsIsALoad() {
    #expect(Self.loads.filter { !Self.isLoad($0) }.map(\.text) == [])
  }

  @Test func whatWritesOrOnlyNamesMemoryIsNone() {
    #expect(Self.others.filter { Self.isLoad($0) }.map(\.text) == [])
  }

  #if arch(x86_64)
  private static let loads: [Assembled] = [
    ("mov (%rdi),%rax", "488b07"),
    ("add %rax,(%rdi)", "480107"),
    ("cmpb $1,(%rdi)", "803f01"),
    ("movzbl (%rdi),%eax", "0fb607"),
    ("imul $3,(%rdi),%eax", "6b0703"),
    ("pop %rax", "58"),
    ("pushq (%rdi)", "ff37"),
    ("call *(%rdi)", "ff17"),
    ("ret", "c3"),
    ("leave", "c9"),
    ("movsb", "a4"),
    ("rep movsb", "f3a4"),
    ("lock addl $1,(%rdi)", "f0830701"),
    ("movbe (%rdi),%eax", "0f38f007"),
    ("popcnt (%rdi),%eax", "f30fb807"),
    ("mulx (%rdi),%rax,%rcx", "c4e2fbf60f"),
    ("ldmxcsr (%rdi)", "0fae17"),
    ("movups (%rdi),%xmm0", "0f1007"),
    ("movq (%rdi),%xmm0", "f30f7e07"),
    ("movlps (%rdi),%xmm0", "0f1207"),
    ("pinsrb $1,(%rdi),%xmm0", "660f3a200701"),
    ("cmpps $1,(%rdi),%xmm0", "0fc20701"),
    ("vpmaddubsw (%rdi),%ymm0,%ymm1", "c4e27d040f"),
    ("vmovdqu (%rdi),%ymm0", "c5fe6f07"),
    ("vbroadcastss (%rdi),%ymm0", "c4e27d1807"),
    ("vinserti128 $1,(%rdi),%ymm0,%ymm1", "c4e37d380f01"),
    ("vmaskmovps (%rdi),%ymm0,%ymm1", "c4e27d2c0f"),
    ("vpgatherdd %ymm0,(%rdi,%ymm1),%ymm2", "c4e27d90140f"),
    ("vcvtph2ps (%rdi),%ymm0", "c4e27d1307"),
    ("kmovq (%rdi),%k1", "c4e1f8900f"),
    ("vmovdqu8 (%rdi),%zmm0", "62f17f486f07"),
    ("vpdpbusd (%rdi),%zmm0,%zmm1", "62f27d48500f"),
    ("vpdpbusd (%rdi){1to16},%zmm0,%zmm1", "62f27d58500f"),
    ("vpmovzxbd (%rdi),%zmm0", "62f27d483107"),
    ("vpsrlvw (%rdi),%zmm0,%zmm1", "62f2fd48100f"),
    ("vpexpandd (%rdi),%zmm0{%k1}{z}", "62f27dc98907"),
    ("vptestnmd (%rdi),%zmm0,%k1", "62f27e48270f"),
    ("tileloadd (%rdi,%rsi),%tmm0", "c4e27b4b0437"),
    ("ldtilecfg (%rdi)", "c4e2784907"),
    ("fldt (%rdi)", "db2f"),
    ("fadds (%rdi)", "d807"),
    ("vmovsh (%rdi),%xmm0", "62f57e081007"),
  ]

  private static let others: [Assembled] = [
    ("mov %rax,(%rdi)", "488907"),
    ("lea (%rdi),%rax", "488d07"),
    ("movl $1,(%rdi)", "c70701000000"),
    ("push %rax", "50"),
    ("call *%rdi", "ffd7"),
    ("sete (%rdi)", "0f9407"),
    ("nopw (%rdi)", "660f1f07"),
    ("prefetcht0 (%rdi)", "0f180f"),
    ("rep stosb", "f3aa"),
    ("movbe %eax,(%rdi)", "0f38f107"),
    ("stmxcsr (%rdi)", "0fae1f"),
    ("movups %xmm0,(%rdi)", "0f1107"),
    ("movd %xmm0,(%rdi)", "660f7e07"),
    ("movq %xmm0,(%rdi)", "660fd607"),
    ("movnti %eax,(%rdi)", "0fc307"),
    ("movntps %xmm0,(%rdi)", "0f2b07"),
    ("movhps %xmm0,(%rdi)", "0f1707"),
    ("pextrd $1,%xmm0,(%rdi)", "660f3a160701"),
    ("addps %xmm1,%xmm0", "0f58c1"),
    ("vmovdqu %ymm0,(%rdi)", "c5fe7f07"),
    ("vextracti128 $1,%ymm0,(%rdi)", "c4e37d390701"),
    ("vmaskmovps %ymm0,%ymm1,(%rdi)", "c4e2752e07"),
    ("vcvtps2ph $0,%ymm0,(%rdi)", "c4e37d1d0700"),
    ("kmovq %k1,(%rdi)", "c4e1f8910f"),
    ("kortestq %k1,%k1", "c4e1f898c9"),
    ("vmovdqu8 %zmm0,(%rdi){%k1}", "62f17f497f07"),
    ("vpdpbusd %zmm2,%zmm0,%zmm1", "62f27d4850ca"),
    ("vpmovdb %zmm0,(%rdi)", "62f27e483107"),
    ("vpcompressd %zmm0,(%rdi){%k1}", "62f27d498b07"),
    ("vpscatterdd %zmm0,(%rdi,%zmm1){%k1}", "62f27d49a0040f"),
    ("vextracti64x4 $1,%zmm0,(%rdi)", "62f3fd483b0701"),
    ("tilestored %tmm0,(%rdi,%rsi)", "c4e27a4b0437"),
    ("sttilecfg (%rdi)", "c4e2794907"),
    ("fstpt (%rdi)", "db3f"),
    ("vmovsh %xmm0,(%rdi)", "62f57e081107"),
  ]
  #else
  private static let loads: [Assembled] = [
    ("ldr x0, [x1]", "200040f9"),
    ("ldrb w0, [x1, #4]", "20104039"),
    ("ldrsb x0, [x1]", "20008039"),
    ("ldp x0, x1, [x2]", "400440a9"),
    ("ldp q0, q1, [x2, #32]", "400441ad"),
    ("ldr q0, [x1, #16]", "2004c03d"),
    ("ldur q0, [x1, #-3]", "20d0df3c"),
    ("ldr d0, [x1]", "200040fd"),
    ("ldr x0, [x1, x2, lsl #3]", "207862f8"),
    ("ldr x0, 8", "40000058"),
    ("ld1 {v0.16b}, [x1]", "2070404c"),
    ("ld1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x1], #64", "2020df4c"),
    ("ld1r {v0.4s}, [x1]", "20c8404d"),
    ("ld4 {v0.8b, v1.8b, v2.8b, v3.8b}, [x1]", "2000400c"),
    ("ldxr x0, [x1]", "207c5fc8"),
    ("ldar x0, [x1]", "20fcdfc8"),
    ("ldapr x0, [x1]", "20c0bff8"),
    ("ldapur x0, [x1, #8]", "208040d9"),
    ("ld1b {z0.b}, p0/z, [x1]", "20a000a4"),
    ("ld1b {z0.b}, p0/z, [x1, x2]", "204002a4"),
    ("ld1rw {z0.s}, p0/z, [x1]", "20c04085"),
    ("ld1rqb {z0.b}, p0/z, [x1]", "202000a4"),
    ("ldr z0, [x1]", "20408085"),
    ("ldr p0, [x1]", "20008085"),
    ("ld1w {z0.s}, p0/z, [x1, z1.s, uxtw]", "20400185"),
    ("ld2b {z0.b, z1.b}, p0/z, [x1]", "20e020a4"),
    ("ld1sb {z0.h}, p0/z, [x1]", "20a0c0a5"),
    ("ld1d {z0.d}, p0/z, [x1, z1.d, lsl #3]", "20c0e1c5"),
    ("ld1b {z0.d}, p0/z, [x1, z1.d]", "20c041c4"),
    ("ld1b {z0.d}, p0/z, [z1.d, #3]", "20c023c4"),
    ("ld1b {z0.s}, p0/z, [z1.s, #3]", "20c02384"),
    ("ld1h {z0.s}, p0/z, [x1, z1.s, uxtw #1]", "2040a184"),
    ("ld1rd {z0.d}, p0/z, [x1]", "20e0c085"),
    ("ldff1b {z0.b}, p0/z, [x1, x2]", "206002a4"),
    ("ld1rqw {z0.s}, p0/z, [x1, x2, lsl #2]", "200002a5"),
    ("ld1d {z0.d}, p0/z, [x1, z1.d, uxtw]", "204081c5"),
    ("ldadd x0, x1, [x2]", "410020f8"),
    ("swp x0, x1, [x2]", "418020f8"),
  ]

  private static let others: [Assembled] = [
    ("str x0, [x1]", "200000f9"),
    ("strb w0, [x1], #1", "20140038"),
    ("stp x0, x1, [x2]", "400400a9"),
    ("stp q0, q1, [x2]", "400400ad"),
    ("str q0, [x1, #16]", "2004803d"),
    ("stur q0, [x1, #-3]", "20d09f3c"),
    ("str b0, [x1]", "2000003d"),
    ("st1 {v0.16b, v1.16b}, [x1]", "20a0004c"),
    ("st2 {v0.16b, v1.16b}, [x1]", "2080004c"),
    ("prfm pldl1keep, [x1]", "200080f9"),
    ("prfm pldl1keep, [x1, x2]", "2068a2f8"),
    ("prfum pldl1keep, [x1, #-3]", "20d09ff8"),
    ("stxr w2, x0, [x1]", "207c02c8"),
    ("stlr x0, [x1]", "20fc9fc8"),
    ("stlur x0, [x1, #8]", "208000d9"),
    ("ret", "c0035fd6"),
    ("bl 8", "02000094"),
    ("add x0, x1, x2", "2000028b"),
    ("sdot v0.4s, v1.16b, v2.16b", "2094824e"),
    ("smmla v0.4s, v1.16b, v2.16b", "20a4824e"),
    ("tbl v0.16b, {v1.16b}, v2.16b", "2000024e"),
    ("mov x0, #1", "200080d2"),
    ("st1b {z0.b}, p0, [x1]", "20e000e4"),
    ("str z0, [x1]", "204080e5"),
    ("st1w {z0.s}, p0, [x1, z1.s, uxtw]", "208041e5"),
    ("prfb pldl1keep, p0, [x1]", "2000c085"),
    ("prfb pldl1keep, p0, [x1, x2]", "20c00284"),
    ("prfw pldl1keep, p0, [x1]", "2040c085"),
    ("prfb pldl1keep, p0, [x1, z0.s, uxtw]", "20002084"),
    ("prfb pldl1keep, p0, [z0.s]", "00e00084"),
    ("sdot z0.s, z1.b, z2.b", "20008244"),
    ("whilelt p0.b, x0, x1", "00142125"),
    ("prfd pldl1keep, p0, [x1, z0.d, lsl #3]", "20e060c4"),
    ("prfh pldl1keep, p0, [x1, z0.d, sxtw #1]", "202060c4"),
    ("prfw pldl1keep, p0, [z0.d, #4]", "00e001c5"),
    ("prfd pldl1keep, p0, [x1, x2, lsl #3]", "20c08285"),
    ("prfh pldl1keep, p0, [x1, z0.s, uxtw #1]", "20202084"),
  ]
  #endif
}
#endif
