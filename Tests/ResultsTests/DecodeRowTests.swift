import Foundation
import Testing

@testable import Results

@Suite struct DecodeRowTests {
  static var measured: DecodeRow {
    var row = DecodeRow(
      run: "r", model: "2b-4t", source: "synthetic", kernel: "planar2_avx512",
      layout: "planar2_16", head: "int8", threads: 2, batch: 4, promptTokens: 128,
      generatedTokens: 64, layers: 30, distinctLayers: 30)
    row.prefillSeconds = 0.25
    row.firstTokenSeconds = 0.26
    row.stepSeconds = 0.04
    row.stepSecondsP99 = 0.05
    row.ternaryBytes = 500_000_000
    row.headBytes = 300_000_000
    row.memoryBytes = 0
    row.readGBPerSecond = 40
    row.note = "30 of 30, in turns"
    row.linearSeconds = 0.021
    row.ringSeconds = 0.02
    row.otherSeconds = 0.019
    row.ringMdAPE = 0.01
    row.unpackSeconds = 0.75
    row.packSeconds = 1.25
    row.packedBytes = 500_000_000
    row.mapSeconds = 0
    row.mappedBytes = 0
    row.modelledJoulesLeast = 0.1
    row.modelledJoulesMost = 0.2
    row.modelledSource = "modelled: by hand"
    row.energyReason = "no meter"
    return row
  }

  @Test func theHeaderIsThatOfSchemaThree() {
    let decode = """
      schema_version,run,model,source,kernel,layout,head,threads,batch,prompt_tokens,\
      generated_tokens,layers,distinct_layers,prefill_s,prefill_tokens_per_s,first_token_s,step_s,\
      step_s_p99,step_mdape,decode_tokens_per_s,ternary_bytes,head_bytes,memory,memory_bytes,\
      gb_per_s,read_gb_per_s,percent_of_read,quantize_s,qkv_s,o_s,gate_up_s,down_s,attention_s,norms_s,\
      head_s,peak_bytes,load_s,seed,reproduce,note,linear_s,other_s,ring_s,ring_mdape,\
      linear_percent_of_ring,predicted_s,residual_s,bytes_per_token,unpack_s,pack_s,packed_bytes,map_s,\
      mapped_bytes,pack_tokens,modelled_j_per_token_least,modelled_j_per_token_most,modelled_source,\
      modelled_reason,measured_j_per_token,gross_j_per_token,energy_source,energy_reason,idle_w,\
      energy_window_s
      """
    #expect(DecodeRow.columns.map(\.name).joined(separator: ",") == decode)
  }

  @Test func ratesFollowFromTimes() {
    let row = Self.measured
    #expect(row.prefillTokensPerSecond == 512)
    #expect(row.decodeTokensPerSecond == 100)
    #expect(row.gbPerSecond.map { abs($0 - 20) < 1e-9 } ?? false)
    #expect(row.percentOfRead.map { abs($0 - 50) < 1e-9 } ?? false)
    #expect(row.inconsistency == nil)
  }

  @Test func thePredictionIsTheRingAndTheOtherParts() {
    var row = Self.measured
    #expect(row.predictedSeconds.map { abs($0 - 0.039) < 1e-12 } ?? false)
    #expect(row.residualSeconds.map { abs($0 - 0.001) < 1e-12 } ?? false)
    #expect(row.linearPercentOfRing.map { abs($0 - 105) < 1e-9 } ?? false)
    row.ringSeconds = nil
    #expect(row.predictedSeconds == nil && row.residualSeconds == nil)
    row.ringSeconds = 0
    #expect(row.inconsistency != nil)
  }

  @Test func packingIsCountedInTokens() {
    var row = Self.measured
    // Two seconds at 100 tokens a second.
    #expect(row.packTokens.map { abs($0 - 200) < 1e-9 } ?? false)
    #expect(row.bytesPerToken == 200_000_000)
    row.unpackSeconds = nil  // synthetic weights are made, not read
    #expect(row.packTokens.map { abs($0 - 125) < 1e-9 } ?? false)
    row.packSeconds = nil  // a file of an earlier schema
    #expect(row.packTokens == nil)
  }

  @Test func energyHasItsSource() {
    var row = Self.measured
    row.modelledSource = ""
    #expect(row.inconsistency != nil)
    row = Self.measured
    row.modelledJoulesMost = 0.05
    #expect(row.inconsistency != nil)
    row = Self.measured
    row.measuredJoules = 0.3
    #expect(row.inconsistency != nil)
    (row.grossJoules, row.energySource, row.idleWatts) = (0.4, "rapl: package-0", 10)
    #expect(row.inconsistency == nil)
    row.grossJoules = 0.2
    #expect(row.inconsistency != nil)
  }

  @Test func whatIsWrittenIsRead() throws {
    let folder = try TemporaryFolder()
    let path = folder("decode.csv")
    let writer = try CSVWriter<DecodeRow>(creating: path)
    try writer.append(Self.measured)
    let rows: [DecodeRow] = try CSVReader(path).rows
    #expect(rows == [Self.measured])
  }

  @Test func aRowThatCannotBeIsRefused() {
    var row = Self.measured
    row.distinctLayers = 31
    #expect(row.inconsistency != nil)
    row = Self.measured
    row.batch = 0
    #expect(row.inconsistency != nil)
  }
}
