public import MPGEMM

extension Transformer {
  /// What buffers are made for.
  public struct Limits: Sendable {
    /// Tokens of one forward pass: a prompt is taken in chunks of this many.
    public var tokens: Int
    /// Sequences side by side.
    public var sequences: Int
    /// Positions of one sequence.
    public var positions: Int
    /// Tokens of one forward pass whose logits are wanted.
    public var logits: Int
    /// How keys and values are remembered.
    public var memory: KeyValueMemory.Kind

    public init(
      tokens: Int = 128, sequences: Int = 1, positions: Int, logits: Int? = nil,
      memory: KeyValueMemory.Kind = .f16
    ) {
      precondition(tokens >= 1 && sequences >= 1 && positions >= 1)
      self.tokens = max(tokens, sequences)
      self.sequences = sequences
      self.positions = positions
      self.logits = logits ?? sequences
      self.memory = memory
    }
  }

  /// The halves of a block.
  public enum Half: String, Sendable, CaseIterable {
    case attention, feedForward
  }

  /// A token, and where it stands.
  public struct Input: Sendable, Equatable {
    public var token: Int
    public var sequence: Int
    public var position: Int
    /// Whether the logits behind it are wanted.
    public var wantsLogits: Bool

    public init(token: Int, sequence: Int = 0, position: Int, wantsLogits: Bool) {
      self.token = token
      self.sequence = sequence
      self.position = position
      self.wantsLogits = wantsLogits
    }
  }
}
