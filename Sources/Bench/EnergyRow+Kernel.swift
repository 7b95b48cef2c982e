internal import Energy
internal import MPGEMM
public import Results

extension RunFolder {
  /// Writes `energy.csv`: the modelled energies of every kernel of a sweep, whether or not this CPU can run it.
  ///
  /// - Throws: `EnergyError` or `ResultsError`.
  public func writeModelledEnergy(of options: SweepOptions) throws {
    var rows: [EnergyRow] = []
    for target in options.targets {
      for tokens in target.tokens.map({ [$0] }) ?? options.tokens {
        // Of a ring there is no model: its layers have theirs in the other regimes.
        for cache in options.regimes(of: target) where cache != .ring {
          rows += try EnergyRow.all(
            run: run, kernels: options.kernels, target: target, tokens: tokens, cache: cache)
        }
      }
    }
    try CSVWriter.write(rows, to: energy)
  }
}

extension EnergyRow {
  /// The modelled energies of one call of each kernel, at every node of the built-in table.
  static func all(
    run: String, kernels: [Kernel], target: Target, tokens: Int, cache: CacheRegime
  ) throws(EnergyError) -> [EnergyRow] {
    var rows: [EnergyRow] = []
    let shape = Shape(
      outFeatures: target.outFeatures, tokens: tokens, inFeatures: target.inFeatures)
    for kernel in kernels {
      for node in OperationEnergies.builtIn.nodes {
        let cost = try KernelCost(kernel, shape: shape, cache: cache, node: node.name)
        var row = EnergyRow(
          run: run, kernel: kernel.name, model: target.model, layer: target.layer,
          layerCount: target.layerCount, outFeatures: target.outFeatures,
          inFeatures: target.inFeatures, tokens: tokens, cache: cache, node: node.name)
        row.take(cost)
        rows.append(row)
      }
    }
    return rows
  }

  private mutating func take(_ cost: KernelCost) {
    macs = cost.macs
    arithmeticJoulesLeast = cost.arithmeticJoules.lowerBound
    arithmeticJoulesMost = cost.arithmeticJoules.upperBound
    arithmeticSource = cost.arithmeticSource
    do {
      let (traffic, sram) = (try cost.traffic.get(), try cost.sramJoules.get())
      sramBytes = traffic.allSRAMBytes
      (sramJoulesLeast, sramJoulesMost) = (sram.lowerBound, sram.upperBound)
      sramSource = cost.sramSource
      dramBytes = traffic.dramBytes
      let dram = try cost.dramJoules.get()
      (dramJoulesLeast, dramJoulesMost) = (dram.lowerBound, dram.upperBound)
      dramSource = cost.dramSource
    } catch {
      reason = "\(error)"
    }
  }
}
