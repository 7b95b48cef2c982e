import Foundation
import Testing

@testable import Results

@Suite struct SchemaTests {
  /// Written out, so that nobody moves or renames a column without seeing that it is a new schema.
  @Test func theHeadersAreThese() {
    let kernels = """
      schema_version,run,kernel,family,layout,isa,bits_per_weight,lossless,model,layer,\
      out_features,in_features,tokens,threads,cache,status,reason,time_s,gop_per_s,\
      packed_gb_per_s,quantize_s,prepare_s,compute_s,pack_s,packed_bytes,max_abs_error,nmse,\
      zero_density,seed,reproduce,samples,time_mdape,layer_count,tolerance,note,pool_bytes,\
      page_size,read_gb_per_s,percent_of_read,group,cpus,memory,energy_measured_j,\
      energy_gross_j,energy_source,energy_reason,idle_w,energy_window_s,\
      time_ci_low_s,time_ci_high_s,noisy,overhead_share,ceiling,ceiling_s,percent_of_ceiling,\
      distinct_layers,qkv_s,o_s,gate_up_s,down_s
      """
    #expect(KernelRow.columns.map(\.name).joined(separator: ",") == kernels)
    let samples = """
      schema_version,run,kernel,model,layer,out_features,in_features,tokens,threads,cache,\
      repetition,order,quantize_s,prepare_s,compute_s,time_s,iterations,group
      """
    #expect(SampleRow.columns.map(\.name).joined(separator: ",") == samples)
    let ceilings = """
      schema_version,run,probe,bytes,threads,cache,page_size,prefetch,median_gb_per_s,\
      best_gb_per_s,samples,operation,median_gop_per_s,best_gop_per_s
      """
    #expect(CeilingRow.columns.map(\.name).joined(separator: ",") == ceilings)
    let checkpoints = """
      schema_version,run,target,group,tokens,threads,cache,next_order,kernels_bytes,\
      samples_bytes,ceilings_bytes,counters_bytes
      """
    #expect(CheckpointRow.columns.map(\.name).joined(separator: ",") == checkpoints)
    let energy = """
      schema_version,run,kernel,model,layer,layer_count,out_features,in_features,tokens,cache,\
      node,macs,arithmetic_j_least,arithmetic_j_most,arithmetic_pj_per_mac_least,\
      arithmetic_pj_per_mac_most,arithmetic_source,sram_bytes,sram_j_least,sram_j_most,\
      sram_source,dram_bytes,dram_j_least,dram_j_most,dram_source,j_per_token_least,\
      j_per_token_most,reason
      """
    #expect(EnergyRow.columns.map(\.name).joined(separator: ",") == energy)
    let counters = """
      schema_version,run,kernel,model,layer,out_features,in_features,tokens,threads,cache,source,\
      stage,event,thread,value,reason,calls,scaled
      """
    #expect(CounterRow.columns.map(\.name).joined(separator: ",") == counters)
  }

  @Test func namesAreSnakeCaseAndUnique() {
    let files = [KernelRow.columns.map(\.name), SampleRow.columns.map(\.name)]
    for names in files + [CeilingRow.columns.map(\.name), CounterRow.columns.map(\.name)] {
      #expect(Set(names).count == names.count)
      #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z][a-z0-9]*(_[a-z0-9]+)*/) != nil })
    }
  }

  @Test func aRowIsTheseBytes() {
    let cells = KernelRow.columns.map { $0.write(.measured) }
    let line = """
      4,r,i2s_avx2,i2s,i2s_128,avx2,2.0,true,2b-4t,q,2560,2560,1,1,cold,ok,,0.000128,\
      102.4,12.8,,,,,1638400,0.0,0.0,,,,9,,1,,,,,16.0,80.0,,,,,,,,,,,,,,,,,,,,,

      """
    #expect(CSV.line(cells) == line)
  }

  /// Whatever only a processor can give: an emulated row that has it is no row.
  @Test func anEmulatedRowHasNoMeasurement() {
    var row = KernelRow.blank
    (row.status, row.reason, row.maxAbsError) = (.emulated, "why", 0)
    row.packedBytes = 100
    #expect(row.inconsistency == nil)
    let cells: [any WritableKeyPath<KernelRow, Double?> & Sendable] = [
      \.timeSeconds, \.quantizeSeconds, \.prepareSeconds, \.computeSeconds, \.packSeconds,
      \.timeMdAPE, \.overheadShare, \.readGBPerSecond, \.energyGrossJoules, \.idleWatts,
      \.energyWindowSeconds, \.qkvSeconds, \.oSeconds, \.gateUpSeconds, \.downSeconds,
    ]
    for cell in cells {
      var measured = row
      measured[keyPath: cell] = 1
      #expect(
        measured.inconsistency == "a row that is emulated has neither times, rates nor energy")
    }
    row.maxAbsError = nil
    #expect(row.inconsistency == "a row that is emulated was verified and has a max_abs_error")
  }

  @Test func derivedValuesFollowTheDefinitions() {
    let row = KernelRow.measured
    // 2 * 2560 * 2560 * 1 / 128 us; 1638400 B / 128 us; 12.8 of 16.
    #expect(abs((row.gopPerSecond ?? 0) - 102.4) < 1e-9)
    #expect(abs((row.packedGBPerSecond ?? 0) - 12.8) < 1e-9)
    #expect(abs((row.percentOfRead ?? 0) - 80) < 1e-9)
    #expect(KernelRow.blank.gopPerSecond == nil && KernelRow.blank.percentOfRead == nil)
  }

  @Test func numbersThatAreNoneAreNoCells() {
    #expect(Double.nan.ifFinite == nil && Double.infinity.ifFinite == nil && 1.5.ifFinite == 1.5)
    for text in ["nan", "inf", "-inf", "0x1p3", "1e999", "", " 1", "1,5", "infinity"] {
      #expect(Double(cell: text) == nil, "\(text)")
    }
    #expect(Double(cell: "-1.5e-3") == -0.0015)
  }

  /// A row type whose second version has grown to the right.
  private struct Grown: CSVRow {
    var name = ""
    var joules: Double?

    static let schemaVersion = 2
    static let values: [Column<Grown>] = [
      Column("name", \.name), Column("energy_j", \.joules, since: 2),
    ]
    static let blank = Grown()
  }

  @Test func filesOfAnOlderSchemaStayReadable() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("schema_version,name\n1,a\n1,b\n", to: folder("old.csv"))
    #expect(
      try CSVReader<Grown>(folder("old.csv")).rows == [Grown(name: "a"), Grown(name: "b")])

    try AtomicFile.write("schema_version,name\n", to: folder("empty.csv"))
    #expect(try CSVReader<Grown>(folder("empty.csv")).rows.isEmpty)

    try AtomicFile.write("schema_version,name\n1,a\n2,b\n", to: folder("mixed.csv"))
    #expect(throws: ResultsError.self) { try CSVReader<Grown>(folder("mixed.csv")) }

    try AtomicFile.write("schema_version,name\n2,a\n", to: folder("lacking.csv"))
    let error = resultsError { try CSVReader<Grown>(folder("lacking.csv")) }
    #expect(error?.reason == "no column \"energy_j\" for schema version 2")
  }
}
