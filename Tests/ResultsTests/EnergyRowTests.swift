import Testing

@testable import Results

@Suite struct EnergyRowTests {
  private static let row = {
    var row = EnergyRow(
      run: "r", kernel: "k_avx2", model: "m", layer: "q", layerCount: 30, outFeatures: 4,
      inFeatures: 5, tokens: 2, cache: .cold, node: "7nm")
    row.macs = 40
    (row.arithmeticJoulesLeast, row.arithmeticJoulesMost) = (4e-11, 8e-11)
    row.arithmeticSource = "modelled: by hand"
    (row.sramSource, row.dramSource) = ("modelled: by hand", "modelled: by hand")
    (row.sramBytes, row.sramJoulesLeast, row.sramJoulesMost) = (8, 1e-11, 1e-11)
    (row.dramBytes, row.dramJoulesLeast, row.dramJoulesMost) = (16, 3e-11, 5e-11)
    return row
  }()

  @Test func derivedValuesFollowTheDefinitions() {
    func near(_ a: Double?, _ b: Double) -> Bool { abs((a ?? 0) - b) < 1e-12 * b }
    #expect(near(Self.row.arithmeticPerMACLeast, 1) && near(Self.row.arithmeticPerMACMost, 2))
    #expect(near(Self.row.joulesPerTokenLeast, 4e-11) && near(Self.row.joulesPerTokenMost, 7e-11))
    #expect(Self.row.inconsistency == nil)
  }

  @Test func rowsComeBack() throws {
    let folder = try TemporaryFolder()
    var unpriced = Self.row
    (unpriced.dramJoulesLeast, unpriced.dramJoulesMost, unpriced.dramBytes) = (nil, nil, nil)
    unpriced.reason = "no energy is published, says \"who\""
    try CSVWriter.write([Self.row, unpriced], to: folder("energy.csv"))
    #expect(try CSVReader<EnergyRow>(folder("energy.csv")).rows == [Self.row, unpriced])
    #expect(unpriced.joulesPerTokenMost == nil)
  }

  @Test func aFigureWithoutSourceOrReasonIsNone() {
    var bare = Self.row
    bare.arithmeticSource = ""
    var unsourced = Self.row
    unsourced.dramSource = "data sheet"
    var silent = Self.row
    silent.sramJoulesLeast = nil
    var reversed = Self.row
    reversed.dramJoulesMost = 1e-11
    for row in [bare, unsourced, silent, reversed] { #expect(row.inconsistency != nil) }
  }

  @Test func aMeasuredEnergyHasItsSource() {
    var row = KernelRow.measured
    row.energyMeasuredJoules = 0.5
    #expect(row.inconsistency != nil)
    row.energyGrossJoules = 0.75
    row.energySource = "rapl: package-0"
    row.idleWatts = 9
    #expect(row.inconsistency == nil)
    row.energyGrossJoules = 0.25
    #expect(row.inconsistency != nil)
  }
}
