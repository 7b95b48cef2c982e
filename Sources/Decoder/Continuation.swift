/// Continues prompts side by side: each in a sequence of its own, with a sampler of its own, until all have ended.
///
/// A prompt is continued as it would be alone: no token depends on the others.
public struct Continuation {
  private let prompts: [[Int]]
  /// Of each prompt, at most so many tokens.
  private let most: Int
  private let ends: Set<Int>
  private var samplers: [TokenSampler]
  private var continued: [[Int]]
  /// The prompts that have not ended.
  private var running: [Int]

  /// Makes a continuation of prompts that have not been run.
  ///
  /// - Parameters:
  ///   - prompts: As many as the transformer has sequences, or fewer; none is empty.
  ///   - most: At most so many tokens of each.
  ///   - ends: Tokens that end a text, and are no part of it.
  ///   - sampler: What every prompt's sampler begins as.
  public init(_ prompts: [[Int]], most: Int, ends: Set<Int>, sampler: TokenSampler) {
    precondition(most >= 1 && prompts.allSatisfy { !$0.isEmpty })
    self.prompts = prompts
    self.most = most
    self.ends = ends
    samplers = [TokenSampler](repeating: sampler, count: prompts.count)
    continued = prompts.map { _ in [] }
    running = []
  }

  /// The tokens behind each prompt.
  public var tokens: [[Int]] { continued }

  /// Runs the prompts one after another; then each has its first token, or has ended.
  ///
  /// `body` is called with each token and the index of its prompt.
  public mutating func prefill(
    by transformer: Transformer, _ body: (_ token: Int, _ prompt: Int) -> Void
  ) {
    for (index, prompt) in prompts.enumerated()
    where choose(transformer.prefill(prompt, sequence: index), index, body) {
      running.append(index)
    }
  }

  /// Runs one step of all prompts that have not ended.
  ///
  /// - Returns: Whether there was one.
  public mutating func step(
    by transformer: Transformer, _ body: (_ token: Int, _ prompt: Int) -> Void
  ) -> Bool {
    guard !running.isEmpty else { return false }
    let inputs = running.map { index in
      Transformer.Input(
        token: continued[index][continued[index].count - 1], sequence: index,
        position: prompts[index].count + continued[index].count - 1, wantsLogits: true)
    }
    let rows = transformer.forward(inputs)
    running = zip(running, rows).compactMap { choose($1, $0, body) ? $0 : nil }
    return true
  }

  /// Takes a prompt's next token; false where that has ended it.
  private mutating func choose(
    _ logits: [Float], _ index: Int, _ body: (_ token: Int, _ prompt: Int) -> Void
  ) -> Bool {
    let token = samplers[index].next(logits)
    guard !ends.contains(token) else { return false }
    continued[index].append(token)
    body(token, index)
    return continued[index].count < most
  }
}
