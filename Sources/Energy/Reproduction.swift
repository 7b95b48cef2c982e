import Foundation
import Models

/// One of the papers' figures beside the figure that the built-in energies and the rule give.
public struct Reproduction: Sendable, Equatable {
  /// How a computed figure stands to the printed one.
  public enum Agreement: Sendable, Equatable {
    /// Rounded to the printed digits, it is the printed figure.
    case digits
    /// It differs by at most one in the last printed digit, for a reason that golden.csv gives.
    case lastDigit(reason: String)
    case none
    /// The paper prints nothing to compare with.
    case unprinted
  }

  public let figure: PaperFigure
  public let computed: Double

  /// All of the papers' figures, computed.
  public static func all() throws -> [Reproduction] { try PaperFigure.all.map(Reproduction.init) }

  /// Computes one figure.
  ///
  /// - Throws: `EnergyError` or `ModelError`, where the figure speaks of a node or model unknown here.
  public init(_ figure: PaperFigure) throws {
    self.figure = figure
    computed = try Self.compute(figure)
  }

  public var agreement: Agreement {
    guard let printed = figure.printed, let value = Double(printed) else { return .unprinted }
    let decimals = printed.split(separator: ".").dropFirst().first?.count ?? 0
    if String(format: "%.\(decimals)f", computed) == printed { return .digits }
    // One unit of the last digit, and as much again of floating point as the subtraction may lose.
    let unit = pow(10, -Double(decimals))
    guard let reason = figure.difference, abs(computed - value) <= unit * (1 + 1e-9) else {
      return .none
    }
    return .lastDigit(reason: reason)
  }

  /// The computed figure's distance from the printed one, as a share of it.
  public var relativeError: Double? {
    figure.printed.flatMap(Double.init).map { computed / $0 - 1 }
  }

  private static func compute(_ figure: PaperFigure) throws -> Double {
    let energies = OperationEnergies.builtIn
    let scheme = figure.scheme ?? .ternary
    let nodeName = figure.node ?? OperationEnergies.papersNode
    guard let model = try figure.model.map(ModelCatalogue.model(slug:)) else {
      return scheme.linearRatio(to: .ternary, at: try energies.node(nodeName))
    }
    let energy = try ForwardEnergy(
      model, tokens: PaperFigure.tokens, scheme: scheme, node: nodeName, energies: energies)
    return switch figure.quantity {
    case .macRatio: scheme.linearRatio(to: .ternary, at: energy.node)
    case .addJoules: energy.addJoules
    case .multiplyJoules: energy.multiplyJoules
    case .totalJoules: energy.totalJoules
    case .linearJoules: energy.linear.total
    case .attentionJoules: energy.attention.total
    case .scaleJoules: energy.scales.total
    case .unscaledJoules: energy.linear.total + energy.attention.total
    case .memoryGigabytes: Double(energy.memoryBytes) / 1e9
    case .linearMACs: Double(energy.counts.linearMACs)
    case .attentionMACs: Double(energy.counts.attentionMACs)
    case .scaleMultiplies: Double(energy.counts.scaleMultiplies)
    case .linearWeights: Double(energy.counts.linearWeights)
    }
  }
}
