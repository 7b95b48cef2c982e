#!/usr/bin/env python3
"""Makes Tests/ModelsTests/Fixtures/tokenizers.json: what the tokenizers package makes of thousands of strings.

    pip install tokenizers==0.22.2
    python3 tools/golden/make_tokenizers.py Tests/ModelsTests/Fixtures

Beside it, tokenizers/NAME/tokenizer.json are the same tokenizers as the package saves them, with tokens that are
added and one that begins a text.

For each way of cutting a text into pieces (GPT-2's, Llama 3's, Falcon's) a small byte-level vocabulary is
trained on seeded random text, and other seeded random text is encoded with it. The expressions are those of
the models' own tokenizer.json files.
"""
import json
import os
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, processors, trainers

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


PRE_TOKENIZERS = {
    "gpt-2": byte_level(True),
    "llama-bpe": pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(LLAMA3), "isolated"), byte_level(False)]
    ),
    # As llama.cpp reads Falcon's: three expressions, each within the pieces of the one before.
    "falcon": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[\p{P}\$\+<=>\^~\|`]+"), "isolated"),
            byte_level(True),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
        ]
    ),
    # As Falcon's own tokenizer.json has it.
    "falcon-digits": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Punctuation("contiguous"),
            byte_level(True),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
        ]
    ),
}

WORDS = (
    "the of and to in king love thou shalt not what is my lord Good night don't can't I'll WE'VE it's "
    "he'd o'er 'tis they're I'm IT'S naïve façade Straße über ſo'ſ привет мир слово язык Ελλάδα κόσμος "
    "你好 世界 模型 日本語 テスト 한국어 안녕 مرحبا بالعالم שלום नमस्ते दुनिया สวัสดี é e\u0301 n\u0303 ǅ ʰ ﬁ"
).split()
NUMBERS = "1 12 123 1234 12345 3.14159 1,000,000 ٣٤٥ ४५६ Ⅷ ½ x² 2026-11-21 0x1F".split()
SYMBOLS = (
    "! ? ... ,, -- — « » “ ” ( ) [] {} <= => != && || $ € £ + = ~ ^ ` | @ # % * / \\ _ __ ' '' \" : ; "
    "😀 👍🏽 👩‍👩‍👧 🇩🇪 ♥ → ∑ ° © ™ ￥ \u200b \u0000 \u007f"
).split(" ")
SPACES = [" ", " ", " ", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n", "\n ", "\u00a0", "\u3000",
          "\u2028", "\u0085", "", "", ""]


def text(rng, most):
    parts = []
    for _ in range(rng.randint(1, most)):
        pool = rng.choices([WORDS, NUMBERS, SYMBOLS], [6, 2, 2])[0]
        parts.append(rng.choice(pool))
        parts.append(rng.choice(SPACES))
    return "".join(parts)


def save(tokenizer, name, folder):
    """Saves a tokenizer with added tokens, and returns what it makes of one text that it frames."""
    tokenizer.add_special_tokens(["<|begin|>", "<|end|>"])
    tokenizer.add_tokens([AddedToken(">>TITLE<<", normalized=False)])
    begin = tokenizer.token_to_id("<|begin|>")
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=True),
            processors.TemplateProcessing(
                single="<|begin|> $A", pair="<|begin|> $A <|begin|> $B", special_tokens=[("<|begin|>", begin)]
            ),
        ]
    )
    file = json.loads(tokenizer.to_str())
    if name == "gpt-2":  # as files were before version 0.20 of the package
        file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
        Tokenizer.from_str(json.dumps(file))  # which still reads them
    os.makedirs(f"{folder}/tokenizers/{name}", exist_ok=True)
    with open(f"{folder}/tokenizers/{name}/tokenizer.json", "w", encoding="utf-8") as out:
        json.dump(file, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")
    return tokenizer.encode(FRAMED).ids


FRAMED = "What country, friends, is this? 1234 世界 ½"


def main():
    folder = sys.argv[1]
    rng = random.Random(6)
    corpus = [text(rng, 40) for _ in range(2000)]
    cases = ["", " ", "\n", "a", "'", "'s", " 's", "   ", "\r\n\r\n", "a  b", "a \n b", "\n\n  x", "'S'LL"]
    cases += [text(rng, 8) for _ in range(1000 - len(cases))]
    out = []
    for name, pre in PRE_TOKENIZERS.items():
        tokenizer = Tokenizer(models.BPE(ignore_merges=name == "llama-bpe"))
        tokenizer.pre_tokenizer = pre
        tokenizer.train_from_iterator(
            corpus,
            trainers.BpeTrainer(
                vocab_size=700,
                show_progress=False,
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            ),
        )
        model = json.loads(tokenizer.to_str())["model"]
        tokens = sorted(model["vocab"], key=model["vocab"].get)
        out.append(
            {
                "pre": name,
                "tokens": tokens,
                "merges": [" ".join(pair) for pair in model["merges"]],
                "ids": [tokenizer.encode(case).ids for case in cases],
                "framed": save(tokenizer, name, folder),
            }
        )
    with open(f"{folder}/tokenizers.json", "w", encoding="utf-8") as file:
        json.dump({"texts": cases, "framed": FRAMED, "tokenizers": out}, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


main()
