internal import MPGEMM

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension Transformer {
  /// Runs a prompt in chunks, and returns the logits behind its last token.
  public func prefill(_ tokens: [Int], sequence: Int = 0, from position: Int = 0) -> [Float] {
    precondition(!tokens.isEmpty)
    var logits: [Float] = []
    for begin in stride(from: 0, to: tokens.count, by: limits.tokens) {
      let end = min(begin + limits.tokens, tokens.count)
      let rows = forward(
        (begin..<end).map { index in
          Input(
            token: tokens[index], sequence: sequence, position: position + index,
            wantsLogits: index == tokens.count - 1)
        })
      if let last = rows.last { logits = last }
    }
    return logits
  }

  /// Runs one token of one sequence, and returns the logits behind it.
  public func decode(_ token: Int, sequence: Int = 0, position: Int) -> [Float] {
    forward([
      Input(token: token, sequence: sequence, position: position, wantsLogits: true)
    ])[0]
  }

  /// The logits behind every token of a text, in order, a chunk at a time.
  ///
  /// - Parameters:
  ///   - tokens: At most as many as there are positions.
  ///   - body: Called with the index of a token and its logits.
  public func logits(of tokens: [Int], _ body: (_ index: Int, _ logits: [Float]) throws -> Void)
    rethrows
  {
    let chunk = min(limits.tokens, limits.logits)
    for begin in stride(from: 0, to: tokens.count, by: chunk) {
      let end = min(begin + chunk, tokens.count)
      let rows = forward(
        (begin..<end).map { Input(token: tokens[$0], position: $0, wantsLogits: true) })
      for (index, row) in zip(begin..<end, rows) { try body(index, row) }
    }
  }
}

/// How surprising a text is to a model.
public struct Perplexity: Sendable, Equatable {
  /// Predicted tokens.
  public private(set) var tokens = 0
  /// The sum of −ln p over them.
  public private(set) var negativeLogLikelihood = 0.0

  public init() {}

  /// exp of the mean of −ln p; nil before the first token.
  public var value: Double? {
    tokens == 0 ? nil : exp(negativeLogLikelihood / Double(tokens))
  }

  /// Adds what the logits say of the token that followed.
  public mutating func add(_ logits: [Float], next token: Int) {
    let largest = logits.reduce(-Float.infinity) { max($0, $1) }
    let sum = logits.reduce(0.0) { $0 + exp(Double($1 - largest)) }
    negativeLogLikelihood += log(sum) - Double(logits[token] - largest)
    tokens += 1
  }

  /// Adds a text, cut into windows that each begin anew; the first token of a window is not predicted.
  public mutating func add(_ tokens: [Int], window: Int, by decoder: Transformer) {
    precondition(window >= 2 && window <= decoder.limits.positions)
    for begin in stride(from: 0, to: tokens.count, by: window) {
      let part = Array(tokens[begin..<min(begin + window, tokens.count)])
      guard part.count >= 2 else { break }
      decoder.logits(of: Array(part.dropLast())) { index, logits in
        add(logits, next: part[index + 1])
      }
    }
  }
}
