import Foundation
import Testing

@Suite struct KernelEnergyCommandTests {
  @Test func kernelsAreRanked() throws {
    let output = try Program.run(
      "energy", "--kernel", "^(i2s|tl2)_portable$", "--shape", "64x1x384", "--format", "csv")
    #expect(output.status == 0, "\(output.error)")
    let lines = output.out.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("work,tokens,cache,node,rank,kernel,arithmetic_pj_per_mac_least,"))
    for line in lines.dropFirst() {
      #expect(line.hasPrefix("64x1x384,1,cold,7nm,") && line.contains("modelled: "))
    }
  }

  @Test func theTableSaysWhereARankingHolds() throws {
    let output = try Program.run(
      "energy", "--model", "2b-4t", "--kernel", "^(float|i2s)_portable$", "--node", "45nm")
    #expect(output.status == 0, "\(output.error)")
    #expect(output.out.contains("i2s_portable beats float_portable for any DRAM"))
    #expect(output.out.contains("nothing is measured"))
  }

  @Test(arguments: [
    ["--kernel", "i2s", "--scheme", "fp16", "--model", "2b-4t"],
    ["--shape", "1x1x1", "--model", "2b-4t"],
    ["--kernel", "i2s"],
    ["--kernel", "i2s", "--model", "2b-4t", "--cache", "hot,cold"],
  ])
  func optionsThatDoNotGoTogetherAreRefused(_ arguments: [String]) throws {
    let output = try Program.run(["energy"] + arguments)
    #expect(output.status == 64 && output.error.contains("--"), "\(arguments)")
  }

  @Test func anUnknownDRAMIsNamed() throws {
    let output = try Program.run(
      "energy", "--kernel", "^i2s_portable$", "--model", "2b-4t", "--dram", "HBM")
    #expect(output.status != 0 && output.error.contains("HBM2"))
  }
}
