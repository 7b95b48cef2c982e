#!/usr/bin/env python3
"""Makes docs/agreement.md: what each kernel does to logits, text and perplexity, by running the program.

    python3 tools/agreement/agreement.py --program .build/release/ternbench

Every kernel that this CPU runs goes through every golden model of Tests/DecoderTests/Fixtures, whose logits are those
of Hugging Face transformers (tools/golden/make_logits.py) and of PyTorch (tools/train/golden.py) in float32, then
continues 64 places of the held-out text and predicts that text. Needs nothing but Python. With --keep FILE each
kernel's results are kept there as they come: a run that was stopped goes on behind the last one.
"""

import argparse
import csv
import io
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/DecoderTests/Fixtures"
HELD_OUT = FIXTURES / "shakespeare/heldout.txt"
TINY = ["2b4t", "1bitllm", "llama"]
PROMPTS, PROMPT_LETTERS, NEW_TOKENS, BATCH = 64, 32, 16, 8


class Refused(Exception):
  """The program does not run a kernel; says why."""


def run(program, *arguments):
  done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
  if done.returncode in (6, 64):
    raise Refused(done.stderr.strip().splitlines()[-1])
  if done.returncode != 0:
    sys.exit(f"{' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr}")
  return done.stdout


def likeliest(row):
  return max(range(len(row)), key=lambda token: (row[token], -token))


def logits(program, kernel, ids, *model):
  """The logits behind every token, with keys and values in float32 as the references have them."""
  text = run(program, "logits", *model, "--ids", ",".join(map(str, ids)), "--kernel", kernel,
             "--memory", "f32", "--threads", 1)
  return [list(map(float, row[2:])) for row in list(csv.reader(io.StringIO(text)))[1:]]


def tiny(program, kernel, name):
  """(largest difference over the range of the reference's logits, positions whose likeliest token is another)."""
  golden = json.loads((FIXTURES / f"{name}.json").read_text())
  rows = logits(program, kernel, golden["ids"], "-m", FIXTURES / f"{name}.gguf")
  everything = [value for row in golden["logits"] for value in row]
  spread = max(everything) - min(everything)
  pairs = list(zip(rows, golden["logits"], strict=True))
  worst = max(abs(a - b) for ours, theirs in pairs for a, b in zip(ours, theirs, strict=True))
  return worst / spread, sum(likeliest(ours) != likeliest(theirs) for ours, theirs in pairs)


def trained(program, kernel):
  """The same of the trained model, whose reference keeps all logits of some positions."""
  golden = json.loads((FIXTURES / "shakespeare/golden.json").read_text())
  rows = logits(program, kernel, golden["ids"])
  worst = max(abs(a - b) for position, theirs in golden["logits"].items()
              for a, b in zip(rows[int(position)], theirs, strict=True))
  others = sum(likeliest(row) != token for row, token in zip(rows, golden["likeliest"], strict=True))
  return worst / golden["spread"], others


def prompts():
  """Places in the held-out text, evenly spread over it, from a word's begin on."""
  text = HELD_OUT.read_text()
  places = [index * (len(text) - 2 * PROMPT_LETTERS) // PROMPTS for index in range(PROMPTS)]
  return [text[at:at + 2 * PROMPT_LETTERS].split(" ", 1)[1][:PROMPT_LETTERS] for at in places]


def texts(program, kernel, threads, batch):
  """All prompts with what continues them, so many side by side."""
  separate = [word for prompt in prompts() for word in ("-p", prompt)]
  return run(program, "generate", *separate, "-n", NEW_TOKENS, "--kernel", kernel, "--threads", threads,
             "--batch", batch)


def cut(text):
  """The continuations one by one: each ends where the next prompt begins a line."""
  pieces = []
  for following in prompts()[1:]:
    end = text.index("\n" + following)
    pieces.append(text[:end])
    text = text[end + 1:]
  return pieces + [text]


def measure(program, name, most):
  """All that the page says of a kernel."""
  results = [tiny(program, name, model) for model in TINY] + [trained(program, name)]
  ways = {texts(program, name, threads, batch) for threads in (1, 2) for batch in (1, BATCH)}
  return {"results": results, "text": cut(texts(program, name, 1, 1)), "ways": len(ways),
          "perplexity": run(program, "perplexity", "-f", HELD_OUT, "--kernel", name,
                            *(["--most", most] if most else [])).strip()}


def share(value):
  return f"{value:.1e}"


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--program", default=str(ROOT / ".build/release/ternbench"))
  parser.add_argument("--out", default=str(ROOT / "docs/agreement.md"))
  parser.add_argument("--most", type=int, help="only so many tokens of the held-out text; the page says so")
  parser.add_argument("--kernel", nargs="*", help="only these")
  parser.add_argument("--keep", nargs="*", default=[],
                      help="files of results that runs of one program have kept; new ones go to the first")
  parser.add_argument("--kept-only", action="store_true", help="run nothing: name what is not kept")
  options = parser.parse_args()
  program = options.program

  kernels = list(csv.DictReader(io.StringIO(run(program, "list", "kernels", "--format", "csv"))))
  if options.kernel:
    kernels = [kernel for kernel in kernels if kernel["kernel"] in options.kernel]
  # The first lossless one is what the others' text and perplexity are held against.
  kernels.sort(key=lambda kernel: (kernel["lossless"] != "true", kernel["kernel"]))
  kept = {}
  for path in map(pathlib.Path, options.keep):
    if path.exists():
      kept |= {(row["kernel"], row["most"]): row for row in map(json.loads, path.read_text().splitlines())}
  rows, left_out = [], []
  for kernel in kernels:
    name = kernel["kernel"]
    key = (name, options.most)
    print(name, "kept" if key in kept else "", file=sys.stderr, flush=True)
    try:
      if kernel["runs_here"] != "yes":
        raise Refused(kernel["runs_here"])
      if options.kept_only and key not in kept:
        raise Refused("not measured yet")
      row = kept.get(key) or {"kernel": name, "most": options.most, **measure(program, name, options.most)}
    except Refused as refused:
      left_out.append((name, str(refused)))
      continue
    if key not in kept and options.keep:
      with open(options.keep[0], "a") as keep:
        keep.write(json.dumps(row) + "\n")
    # As JSON has it, so that kept and new results are compared alike.
    row = json.loads(json.dumps(row))
    row["lossless"] = "yes" if kernel["lossless"] == "true" else "no"
    rows.append(row)
  if not rows:
    sys.exit("no kernel ran: " + "; ".join(f"{name}: {reason}" for name, reason in left_out))
  first = rows[0]
  for row in rows:
    row["same"] = sum(a == b for a, b in zip(row["text"], first["text"], strict=True))

  page = ["# Agreement", "", f"Made by `tools/agreement/agreement.py` on {processor()}; not written by hand.", "",
          "- Logits: the largest difference from the reference over the range of its logits, and in brackets at how",
          "  many positions another token is the likeliest. References are transformers 4.57.1 (2b4t, 1bitllm, llama:",
          "  tiny random models, 24 positions) and PyTorch (shakespeare: the trained model, 64 positions, all logits",
          "  of 4), in float32; keys and values are in float32 here too.",
          f"- Text: of {PROMPTS} places of the held-out text, how many {NEW_TOKENS} tokens continue as the first row's do.",
          f"  Every kernel's are printed on 1 and 2 threads, alone and {BATCH} side by side; ways that differ are counted.",
          "- Perplexity: of the held-out text, " + (f"its first {options.most} tokens" if options.most else "all of it")
          + ", keys and values in float16; as printed, and against the first row.", "",
          "| kernel | lossless | " + " | ".join(TINY + ["shakespeare"]) + " | same text | ways | perplexity | |",
          "|---|---|" + "---:|" * 8]
  for row in rows:
    change = float(row["perplexity"]) / float(first["perplexity"]) - 1
    change = "equal" if row["perplexity"] == first["perplexity"] else f"{100 * change:+.4f} %"
    cells = [f"{share(error)} ({others})" for error, others in row["results"]]
    page.append(f"| `{row['kernel']}` | {row['lossless']} | " + " | ".join(cells)
                + f" | {row['same']} of {PROMPTS} | {row['ways']} | {row['perplexity']} | {change} |")
  if left_out:
    page += ["", "Not run:", ""] + [f"- `{name}`: {reason}" for name, reason in left_out]
  pathlib.Path(options.out).write_text("\n".join(page) + "\n")
  wrong = [row["kernel"] for row in rows if row["lossless"] == "yes" and (
      row["text"] != first["text"] or row["ways"] != 1 or row["perplexity"] != first["perplexity"]
      or row["results"] != first["results"])]
  if wrong:
    sys.exit(f"lossless kernels that differ: {', '.join(wrong)}")
  print(f"{options.out}: {len(rows)} kernels")


def processor():
  for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
    if line.startswith("model name"):
      return line.split(":", 1)[1].strip()
  return "an unnamed processor"


if __name__ == "__main__":
  main()
