public import Decoder
public import MPGEMM
internal import Synchronization

/// Kernels chosen by measured times: for each step one layout, and in it a kernel for each number of tokens.
public struct TunedKernels: KernelChoice {
  /// So many forward passes of so many tokens: what a layout is weighed by.
  public struct Load: Sendable, Equatable {
    public var tokens: Int
    public var passes: Double

    public init(tokens: Int, passes: Double) {
      self.tokens = tokens
      self.passes = passes
    }
  }

  private let table: TuningTable
  private let kernels: [Kernel]
  private let fallback: Kernel
  private let loads: [Load]
  private let threads: Int
  private let layouts = Layouts()

  /// Chooses from a table.
  ///
  /// - Parameters:
  ///   - table: What was measured.
  ///   - kernels: What may be chosen.
  ///   - fallback: For steps that the table does not know.
  ///   - loads: What will be run, since weights are packed once.
  ///   - threads: How many multiply.
  public init(
    _ table: TuningTable, from kernels: [Kernel], fallback: Kernel, loads: [Load], threads: Int
  ) {
    self.table = table
    self.kernels = kernels
    self.fallback = fallback
    self.loads = loads
    self.threads = threads
  }

  public func kernel(for step: LinearStep, tokens: Int) -> Kernel {
    guard let layout = layout(for: step) else { return fallback }
    return fastest(kernels.filter { $0.layout == layout }, step, tokens)?.kernel ?? fallback
  }

  /// The layouts chosen so far: a model's packing asks for each many times.
  private final class Layouts: Sendable {
    let known = Mutex<[LinearStep: String?]>([:])
  }

  /// The layout with the least time over all loads; nil where none was measured.
  func layout(for step: LinearStep) -> String? {
    if let known = layouts.known.withLock({ $0[step] }) { return known }
    let best = fastestLayout(step)
    layouts.known.withLock { $0[step] = .some(best) }
    return best
  }

  private func fastestLayout(_ step: LinearStep) -> String? {
    kernels.map(\.layout).uniqued().compactMap { layout -> (layout: String, seconds: Double)? in
      let own = kernels.filter { $0.layout == layout }
      var sum = 0.0
      for load in loads {
        guard let fastest = fastest(own, step, load.tokens) else { return nil }
        sum += load.passes * fastest.seconds
      }
      return (layout, sum)
    }.min { $0.seconds < $1.seconds }?.layout
  }

  private func fastest(
    _ kernels: [Kernel], _ step: LinearStep, _ tokens: Int
  ) -> (kernel: Kernel, seconds: Double)? {
    kernels.compactMap { kernel in
      table.seconds(
        of: kernel.name, outFeatures: step.outFeatures, inFeatures: step.inFeatures,
        tokens: tokens, threads: threads
      ).map { (kernel, $0) }
    }.min { $0.1 < $1.1 }
  }

  /// The choice in words: "qkv a_kernel; o a_kernel, from 128 tokens another".
  public func description(of steps: [LinearStep]) -> String {
    let tokens = Set(loads.map(\.tokens)).sorted()
    return steps.map { step in
      guard layout(for: step) != nil else {
        return "\(step.name) \(fallback), the default, since it was not measured"
      }
      var names: [(tokens: Int, name: String)] = []
      for count in tokens {
        let name = kernel(for: step, tokens: count).name
        if names.last?.name != name { names.append((count, name)) }
      }
      let later = names.dropFirst().map { ", from \($0.tokens) tokens \($0.name)" }
      return "\(step.name) \(names.first?.name ?? fallback.name)" + later.joined()
    }.joined(separator: "; ")
  }
}
