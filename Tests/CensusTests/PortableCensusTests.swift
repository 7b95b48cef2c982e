import MPGEMM
import Testing

/// Declared equals executed, for every portable kernel: its twin gives the same bits and the same counts.
@Suite struct PortableCensus {
  private static let portable = Kernel.all.filter { $0.isaName == "portable" }

  private static let twins: [String: any Twin] = [
    "float_portable": FloatTwin(), "float_f16_portable": HalfTwin(value: half),
    "float_bf16_portable": HalfTwin(value: brainFloat),
    "int8_dot_portable": Int8DotTwin(), "int8_dequant_portable": DequantTwin(),
    "bitwise_popcount_portable": PopcountTwin(), "bitwise_lut_portable": LutTwin(),
    "tl1_portable": StripsTwin.tl1(lossy: false), "tl1_lossy_portable": StripsTwin.tl1(lossy: true),
    "tl2_portable": StripsTwin.tl2(lossy: false), "tl2_lossy_portable": StripsTwin.tl2(lossy: true),
    "i2s_portable": I2STwin(), "tq1_portable": TQTwin.tq1, "tq2_portable": TQTwin.tq2,
    "planar2_portable": Planar2Twin(), "trit5_portable": Trit5Twin(),
    "trit5_lut_portable": Trit5LutTwin(),
  ]

  /// One of everything; ends of blocks, strips, tiles and chunks, and just past them.
  private static let shapes = [
    "1x1x1", "1x3x2", "5x3x127", "16x1x128", "17x2x129", "32x1x256", "33x3x300", "70x5x77",
    "65x1x260", "260x2x40", "3x65x33", "2x131x20", "34x4x700", "1x1x20500",
  ].compactMap { Shape($0) }

  @Test(arguments: portable)
  func executesWhatItDeclares(_ kernel: Kernel) throws {
    let twin = try #require(Self.twins[kernel.name], "\(kernel.name) has no twin to count by")
    let first = Self.shapes.lazy.compactMap { shape in
      Census(kernel, shape).difference(from: twin).map { "\(kernel.name) \(shape): \($0)" }
    }.first
    #expect(first == nil, "\(first ?? "")")
  }

  /// The preparation of bitwise_popcount_avx2 is portable C of its own: nibbles in bytes.
  @Test func nibblesAreSlicedAsDeclared() throws {
    guard let kernel = Kernel.all.first(where: { $0.preparation == "bit_slices_nibbles" }) else {
      return  // x86 alone has it
    }
    guard kernel.isRunnable else { return }
    for shape in Self.shapes {
      let difference = Census(kernel, shape).differenceOfPrepare(from: PopcountTwin(nibbles: true))
      #expect(difference == nil, "\(kernel.name) \(shape)")
    }
  }

  /// A count that is off by one, whichever it is and of whichever stage, is found and named.
  @Test(arguments: portable)
  func findsACountOffByOne(_ kernel: Kernel) throws {
    let twin = try #require(Self.twins[kernel.name])
    let shape = Shape(outFeatures: 5, tokens: 3, inFeatures: 37)
    let census = Census(kernel, shape)
    let missed = OperationCounts.classes.flatMap { name, count in
      [1, -1].flatMap { change in
        var prepare = kernel.count(shape), compute = prepare
        prepare.prepare[keyPath: count] += change
        compute.compute[keyPath: count] += change
        return [("prepare", prepare), ("compute", compute)].filter { stage, declared in
          let found = census.difference(from: twin, declared: declared)
          return found?.hasPrefix(stage) != true || found?.contains(" \(name)") != true
        }.map { "\(change) \(name) of \($0.0)" }
      }
    }
    #expect(missed.isEmpty, "\(kernel.name) \(shape)")
  }

  /// A result that is off by one bit is found too: the twin is the kernel's, not just any that counts alike.
  @Test func findsAnotherAlgorithm() throws {
    let kernel = try #require(Self.portable.first { $0.name == "tl1_portable" })
    let shape = Shape(outFeatures: 5, tokens: 3, inFeatures: 48)
    #expect(Census(kernel, shape).difference(from: StripsTwin.tl1(lossy: true)) != nil)
  }
}
