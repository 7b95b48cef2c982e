import ArgumentParser
import Bench
import Energy
import MPGEMM
import Models
import Results

extension Energy {
  /// Ranks kernels by the modelled energy of a model's ternary layers, or of a shape, with what the ranking rests on.
  func listKernels() throws {
    let kernels = try selection.kernels()
    let energies = try operations.map { try OperationEnergies(tomlFile: $0) } ?? .builtIn
    var listing = Listing(Self.kernelColumns)
    var pairs: [String] = []
    for (title, work) in try works() {
      for node in node.isEmpty ? [OperationEnergies.papersNode] : node {
        let costs = try kernels.map { kernel in
          try cost(of: kernel, work, node: node, energies: energies)
        }
        let ranking = KernelRanking(costs)
        for (index, place) in ranking.places.enumerated() {
          let next = index + 1 < ranking.places.count ? ranking.places[index + 1].cost : nil
          listing.add(
            cells(title, work, place.cost, rank: index + 1, joules: place.joules, next: next))
        }
        for (cost, reason) in ranking.unplaced {
          listing.add(cells(title, work, cost, rank: nil, joules: nil, note: reason.reason))
        }
        pairs += Self.pairs(ranking, title: "\(title) at \(node)")
      }
    }
    let format = format ?? .table
    Console.print(try listing.text(format))
    guard format == .table || format == .md else { return }
    Console.print("")
    for line in pairs + Self.kernelCaveats { Console.print("- " + line) }
  }

  /// What is multiplied: shapes with how often, all of the same tokens.
  private typealias Work = [(shape: Shape, times: Int)]

  private func works() throws -> [(title: String, work: Work)] {
    let models = try model.map { slug in
      let layers = Target.layers(of: try ModelShape.resolve(slug))
      guard !layers.isEmpty else {
        throw Failure.usage("--model \(slug): has no ternary layers; see ternbench list models")
      }
      let work = layers.map { layer in
        (
          Shape(
            outFeatures: layer.outFeatures, tokens: tokens ?? 1, inFeatures: layer.inFeatures),
          layer.layerCount
        )
      }
      return (slug, work)
    }
    return models + shape.map { ("\($0)", [($0, 1)]) }
  }

  private func cost(
    of kernel: Kernel, _ work: Work, node: String, energies: OperationEnergies
  ) throws -> KernelCost {
    let costs = try work.map { part in
      try KernelCost(
        kernel, shape: part.shape, cache: cache.regimes[0], node: node, dram: dram,
        energies: energies
      ).times(part.times)
    }
    return costs.dropFirst().reduce(costs[0]) { sum, next in
      var sum = sum
      sum.add(next, times: 1)
      return sum
    }
  }

  /// Every decided pair, once each way.
  private static func pairs(_ ranking: KernelRanking, title: String) -> [String] {
    ranking.places.flatMap { a in
      ranking.places.compactMap { b -> String? in
        guard a.cost.kernel != b.cost.kernel,
          let dominance = try? a.cost.dominance(over: b.cost, varying: .dram)
        else { return nil }
        let sram = KernelRanking.words(a.cost, beats: b.cost, varying: .sram)
        return "\(title): \(a.cost.kernel) beats \(b.cost.kernel) \(dominance.words(.dram)); "
          + sram
      }
    }
  }

  private static let kernelColumns = [
    "work", "tokens", "cache", "node", "rank", "kernel", "arithmetic_pj_per_mac_least",
    "arithmetic_pj_per_mac_most", "sram_pj_per_mac", "dram_pj_per_mac", "j_per_token_least",
    "j_per_token_most", "beats_next", "energy_source",
  ]

  private func cells(
    _ title: String, _ work: Work, _ cost: KernelCost, rank: Int?,
    joules: ClosedRange<Double>?, next: KernelCost? = nil, note: String = ""
  ) -> [Listing.Cell] {
    let tokens = work[0].shape.tokens
    func perMAC(_ joules: ClosedRange<Double>?) -> Listing.Cell {
      guard let joules else { return .missing }
      let scale = 1e12 / Double(cost.macs)
      let (low, high) = (joules.lowerBound * scale, joules.upperBound * scale)
      return low == high ? .number(low) : .text("\(Self.short(low))-\(Self.short(high))")
    }
    let arithmetic = cost.arithmeticJoules
    return [
      .text(title), .number(tokens), .text(cache.regimes[0].rawValue), .text(cost.node.name),
      .number(rank), .text(cost.kernel),
      .number(arithmetic.lowerBound * 1e12 / Double(cost.macs)),
      .number(arithmetic.upperBound * 1e12 / Double(cost.macs)),
      perMAC(try? cost.sramJoules.get()), perMAC(try? cost.dramJoules.get()),
      .number(joules.map { $0.lowerBound / Double(tokens) }),
      .number(joules.map { $0.upperBound / Double(tokens) }),
      .text(next.map { KernelRanking.words(cost, beats: $0, varying: .dram) } ?? note),
      .text("\(cost.sramSource); \(cost.dram?.name ?? "no DRAM")"),
    ]
  }

  private static func short(_ value: Double) -> String { Listing.Cell.number(value).plain }

  private static let kernelCaveats = [
    "Modelled, from the operations and bytes that each kernel counts; nothing is measured. "
      + "Least and most: operations without a published energy lie between bounds.",
    "A pair is listed where it is certain whatever those cost. SRAM: what is left of the ranking "
      + "when all SRAM energies are multiplied by a factor, DRAM being the table's.",
    "Instructions (fetch, decode, registers), leakage and the quantization of activations are not in it.",
  ]
}
