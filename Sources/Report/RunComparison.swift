public import Results
public import Statistics

/// Two runs side by side: row by row where one machine measured both, else by what each machine allows.
public struct RunComparison {
  /// A case that both runs measured.
  struct Row {
    let first: KernelRow
    let second: KernelRow
    /// How many times faster the second run was.
    let ratio: SpeedRatio
  }

  let first: Run
  let second: Run
  let minEffect: Double
  let rows: [Row]
  private let firstTurns: Turns
  private let secondTurns: Turns

  /// Pairs the rows of two runs that ended well.
  ///
  /// - Parameters:
  ///   - first: What is compared with.
  ///   - second: What is judged.
  ///   - minEffect: The difference below which two speeds count as the same.
  public init(_ first: Run, _ second: Run, minEffect: Double = SpeedRatio.defaultMinEffect) {
    (self.first, self.second, self.minEffect) = (first, second, minEffect)
    let (firstTurns, secondTurns) = (Turns(first.samples), Turns(second.samples))
    (self.firstTurns, self.secondTurns) = (firstTurns, secondTurns)
    let known = Dictionary(
      first.kernels.filter { $0.status == .ok }.map { (CaseKey($0), $0) },
      uniquingKeysWith: { first, _ in first })
    rows = second.kernels.filter { $0.status == .ok }.compactMap { row in
      guard let before = known[CaseKey(row)], let was = before.timeSeconds,
        let seconds = row.timeSeconds
      else { return nil }
      let (old, new) = (firstTurns.seconds(of: before), secondTurns.seconds(of: row))
      let ratio =
        old.isEmpty || new.isEmpty
        ? SpeedRatio(value: was / seconds, interval: nil)
        : Bootstrap().speedRatio(ofUnpaired: new, over: old)
      return Row(first: before, second: row, ratio: ratio)
    }
  }

  /// Whether one machine measured both, as far as the runs know; else times are not compared.
  public var isOneMachine: Bool {
    let (a, b) = (first.environment, second.environment)
    return a.host == b.host && a.processor.model == b.processor.model
      && a.processor.logicalProcessors == b.processor.logicalProcessors
      && a.processor.features == b.processor.features
      && a.system.architecture == b.system.architecture
  }

  /// How many rows of the second run are slower by more than the minimum effect.
  public var slower: Int { isOneMachine ? count(.slower) : 0 }

  func verdict(_ row: Row) -> RatioVerdict { row.ratio.verdict(minEffect: minEffect) }

  func count(_ wanted: RatioVerdict) -> Int { rows.count { verdict($0) == wanted } }

  /// What both runs say of each two kernels that took turns in both.
  struct Agreement {
    var pairs = 0
    /// Both say the same.
    var equal = 0
    /// One says UNSURE, or both.
    var unsure = 0

    var agreeing: Int { equal + unsure }
  }

  /// Compares the verdicts of the runs on every pair of kernels of every case.
  var agreement: Agreement {
    var agreement = Agreement()
    for (_, rows) in Dictionary(grouping: rows, by: { CaseKey($0.first).withoutKernel }) {
      for (index, a) in rows.enumerated() {
        for b in rows[(index + 1)...] {
          guard
            let before = firstTurns.speedRatio(of: a.first, over: b.first)?
              .verdict(minEffect: minEffect),
            let after = secondTurns.speedRatio(of: a.second, over: b.second)?
              .verdict(minEffect: minEffect)
          else { continue }
          agreement.pairs += 1
          if before == .unsure || after == .unsure {
            agreement.unsure += 1
          } else if before == after {
            agreement.equal += 1
          }
        }
      }
    }
    return agreement
  }
}

/// What makes two rows the same measurement.
struct CaseKey: Hashable {
  let kernel: String
  let model: String
  let layer: String
  let outFeatures: Int
  let inFeatures: Int
  let conditions: Conditions

  init(_ row: KernelRow) {
    self.init(row, kernel: row.kernel)
  }

  private init(_ row: KernelRow, kernel: String) {
    self.kernel = kernel
    (model, layer) = (row.model, row.layer)
    (outFeatures, inFeatures) = (row.outFeatures, row.inFeatures)
    conditions = Conditions(row)
  }

  private init(_ key: CaseKey) {
    kernel = ""
    (model, layer) = (key.model, key.layer)
    (outFeatures, inFeatures) = (key.outFeatures, key.inFeatures)
    conditions = key.conditions
  }

  /// The case, whichever kernel.
  var withoutKernel: CaseKey { CaseKey(self) }
}
