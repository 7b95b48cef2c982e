/// What a tokenizer.json says, as far as it is needed.
struct TokenizerFile: Decodable {
  let addedTokens: [AddedToken]?
  let normalizer: Step?
  let preTokenizer: Step?
  let postProcessor: Step?
  let model: Model

  enum CodingKeys: String, CodingKey {
    case normalizer, model
    case addedTokens = "added_tokens"
    case preTokenizer = "pre_tokenizer"
    case postProcessor = "post_processor"
  }

  /// A token beside the vocabulary of the pairs.
  struct AddedToken: Decodable {
    let id: Int
    let content: String
    let special: Bool?
  }

  struct Model: Decodable {
    /// Files of before 2021 have none, and are byte pairs.
    let type: String?
    let vocab: [String: Int]
    let merges: [Merge]
    let ignoreMerges: Bool?
    let byteFallback: Bool?
    let dropout: Double?
    let continuingSubwordPrefix: String?
    let endOfWordSuffix: String?

    enum CodingKeys: String, CodingKey {
      case type, vocab, merges, dropout
      case ignoreMerges = "ignore_merges"
      case byteFallback = "byte_fallback"
      case continuingSubwordPrefix = "continuing_subword_prefix"
      case endOfWordSuffix = "end_of_word_suffix"
    }
  }

  /// A pair, `"left right"` in older files and `["left", "right"]` in newer ones.
  struct Merge: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self.text = text
      } else {
        text = try container.decode([String].self).joined(separator: " ")
      }
    }
  }

  /// A step that changes, cuts or frames a text: one type with the fields of all that are known.
  final class Step: Decodable {
    let type: String
    let steps: [Step]?
    let pattern: Pattern?
    let behavior: String?
    let invert: Bool?
    let usesExpression: Bool?
    let addsPrefixSpace: Bool?
    let individualDigits: Bool?
    let single: [Piece]?

    struct Pattern: Decodable {
      let expression: String?

      enum CodingKeys: String, CodingKey {
        case expression = "Regex"
      }
    }

    /// A part of what a template makes of one text.
    struct Piece: Decodable {
      let special: Special?

      struct Special: Decodable {
        let id: String
      }

      enum CodingKeys: String, CodingKey {
        case special = "SpecialToken"
      }
    }

    enum CodingKeys: String, CodingKey {
      case type, pattern, behavior, invert, single
      case normalizers, pretokenizers, processors
      case usesExpression = "use_regex"
      case addsPrefixSpace = "add_prefix_space"
      case individualDigits = "individual_digits"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      type = try fields.decode(String.self, forKey: .type)
      steps =
        try fields.decodeIfPresent([Step].self, forKey: .normalizers)
        ?? fields.decodeIfPresent([Step].self, forKey: .pretokenizers)
        ?? fields.decodeIfPresent([Step].self, forKey: .processors)
      pattern = try fields.decodeIfPresent(Pattern.self, forKey: .pattern)
      behavior = try fields.decodeIfPresent(String.self, forKey: .behavior)
      invert = try fields.decodeIfPresent(Bool.self, forKey: .invert)
      usesExpression = try fields.decodeIfPresent(Bool.self, forKey: .usesExpression)
      addsPrefixSpace = try fields.decodeIfPresent(Bool.self, forKey: .addsPrefixSpace)
      individualDigits = try fields.decodeIfPresent(Bool.self, forKey: .individualDigits)
      single =
        type == "TemplateProcessing"
        ? try fields.decodeIfPresent([Piece].self, forKey: .single) : nil
    }

    /// The steps of a sequence, within each other or not; one step is its own.
    var flat: [Step] {
      type == "Sequence" ? (steps ?? []).flatMap(\.flat) : [self]
    }
  }
}
