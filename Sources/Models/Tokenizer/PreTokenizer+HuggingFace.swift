extension PreTokenizer {
  /// Llama 3's expression as tokenizer.json files have it.
  private static let llama3Expression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// A step, as far as it changes what is cut.
  private enum Cut: Equatable {
    case llama3, punctuation, digits, threeDigits
    /// Letters for bytes, after GPT-2's expression or without one.
    case bytes(afterGPT2: Bool)
  }

  /// The way of cutting that the steps of a tokenizer.json are.
  ///
  /// - Throws: `Tokenizer.Problem` if it is none that is known.
  init(_ steps: [TokenizerFile.Step]) throws(Tokenizer.Problem) {
    var cuts: [Cut] = []
    for step in steps { cuts.append(try Self.cut(step)) }
    switch cuts {
    case [.bytes(afterGPT2: true)]: self = .gpt2
    case [.llama3, .bytes(afterGPT2: false)]: self = .llama3
    case [.punctuation, .bytes(afterGPT2: true), .threeDigits]: self = .falcon
    case [.punctuation, .bytes(afterGPT2: true), .digits, .threeDigits]: self = .falconDigits
    default:
      throw Tokenizer.Problem(
        part: "pre_tokenizer",
        reason: "cuts by \(steps.map(\.type)), and the ways of GPT-2, Llama 3 and Falcon are known")
    }
  }

  private static func cut(_ step: TokenizerFile.Step) throws(Tokenizer.Problem) -> Cut {
    func refuse(_ reason: String) -> Tokenizer.Problem {
      Tokenizer.Problem(part: "pre_tokenizer", reason: reason)
    }
    switch step.type {
    case "ByteLevel":
      // The file's defaults are those of the package.
      guard step.addsPrefixSpace == false else {
        throw refuse("adds a space in front of a text, which is not built")
      }
      return .bytes(afterGPT2: step.usesExpression ?? true)
    case "Punctuation" where step.behavior == "Contiguous":
      return .punctuation
    case "Digits" where step.individualDigits != true:
      return .digits
    case "Split" where step.behavior == "Isolated" && step.invert != true:
      switch step.pattern?.expression {
      case llama3Expression: return .llama3
      case #"[\p{P}\$\+<=>\^~\|`]+"#: return .punctuation
      case "[0-9][0-9][0-9]": return .threeDigits
      case let other:
        throw refuse("cuts by \(String(reflecting: other ?? "")), which is not built")
      }
    default:
      throw refuse("has the step \(String(reflecting: step.type)), which is not built")
    }
  }
}
