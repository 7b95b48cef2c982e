import MPGEMM
import Testing

@Suite struct BufferTests {
  @Test(arguments: [Buffer.Placement.ordinary, .huge, .guarded], [0, 1, 63, 64, 4096, 100_001])
  func holdsWhatIsStored(placement: Buffer.Placement, count: Int) {
    let buffer = Buffer(count: count, placement: placement)
    #expect(buffer.elements(of: UInt8.self) == [UInt8](repeating: 0, count: count))
    buffer.fill(0xA5)
    #expect(buffer.elements(of: UInt8.self) == [UInt8](repeating: 0xA5, count: count))
    let values = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    buffer.store(values)
    #expect(buffer.elements(of: UInt8.self) == values)
  }

  @Test func findsTheFirstDifference() {
    let a = Buffer(count: 1000)
    let b = Buffer(count: 1000)
    #expect(a.firstDifference(from: b) == nil)
    b.store([UInt8(1)], at: 777)
    #expect(a.firstDifference(from: b) == 777)
    a.copy(b)
    #expect(a.firstDifference(from: b) == nil)
  }
}
