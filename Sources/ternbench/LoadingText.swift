import Decoder
import Foundation

extension Loading {
  /// What packing and mapping the weights took, in words.
  ///
  /// - Parameters:
  ///   - isMade: Whether weights were made, not read: then only packing counts.
  ///   - tokensPerSecond: How fast tokens are decoded, which says how many packing cost.
  /// - Returns: One line.
  func text(isMade: Bool = false, tokensPerSecond: Double?) -> String {
    func number(_ value: Double, _ digits: Int) -> String {
      String(format: "%.\(digits)f", value)
    }
    func amount(_ bytes: Int, _ seconds: Double) -> String {
      "\(number(Double(bytes) / 1e6, 1)) MB in \(number(1e3 * seconds, 1)) ms"
    }
    var parts: [String] = []
    if packedBytes > 0 {
      let seconds = packSeconds + (isMade ? 0 : unpackSeconds)
      let tokens = tokensPerSecond.map { ", the time of \(number(seconds * $0, 1)) tokens" } ?? ""
      parts.append("packed \(amount(packedBytes, seconds))\(tokens)")
    }
    if mappedBytes > 0 {
      parts.append("mapped \(amount(mappedBytes, mapSeconds)), as the file has them")
    }
    return "weights " + parts.joined(separator: "; ")
  }
}
