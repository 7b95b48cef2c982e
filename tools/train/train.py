"""Trains the small model that ternbench ships: python tools/train/train.py --out FOLDER

Needs torch, numpy and tokenizers (versions in requirements.txt). Never needed to build or test ternbench. Writes
model.gguf, heldout.txt, loss.csv, checkpoint.pt and summary.json. Seeded; the same versions on the same CPU with
the same number of threads give the same model. Killed at any step, the same command goes on from the last checkpoint.
"""

import argparse
import json
import math
import pathlib
import time

import numpy
import tokenizers
import torch
from torch.nn import functional

import corpus
import gguf
from model import BitLinear, Config, Model, ternary

END = "<|endoftext|>"


def train_tokenizer(works, size):
  tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
  tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
  tokenizer.decoder = tokenizers.decoders.ByteLevel()
  trainer = tokenizers.trainers.BpeTrainer(
    vocab_size=size, special_tokens=[END], show_progress=False,
    initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
  tokenizer.train_from_iterator(works, trainer)
  return tokenizer


def tokens_of(tokenizer, works):
  end = tokenizer.token_to_id(END)
  ids = []
  for work in works:
    ids += [end] + tokenizer.encode(work).ids
  return torch.tensor(ids)


def learning_rate(step, steps, peak):
  """Linear warm-up, then linear to zero, as ternary models are trained."""
  warm_up = min(200, steps // 10)
  return peak * min((step + 1) / warm_up, (steps - step) / (steps - warm_up))


@torch.no_grad()
def perplexity(model, ids):
  """exp of the mean loss over windows of the context that do not overlap, each but the last full.

  A window's first token is given, all others are predicted, with no context from the window before.
  """
  model.eval()
  total, count = 0.0, 0
  for start in range(0, len(ids) - 1, model.c.context):
    window = ids[start : start + model.c.context][None]
    if window.shape[1] < 2:
      continue
    logits = model(window)[0, :-1]
    total += functional.cross_entropy(logits, window[0, 1:], reduction="sum").item()
    count += window.shape[1] - 1
  model.train()
  return math.exp(total / count), count


@torch.no_grad()
def sample(model, tokenizer, prompt, length):
  model.eval()
  ids = torch.tensor([[tokenizer.token_to_id(END)] + tokenizer.encode(prompt).ids])
  for _ in range(length):
    ids = torch.cat((ids, model(ids)[:, -1].argmax(-1, keepdim=True)), dim=1)
  model.train()
  return tokenizer.decode(ids[0].tolist())


def export(path, model, tokenizer):
  c = model.c
  arch = "bitnet-b1.58"
  raw = json.loads(tokenizer.to_str())["model"]
  words = [word for word, _ in sorted(raw["vocab"].items(), key=lambda item: item[1])]
  merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in raw["merges"]]
  end = tokenizer.token_to_id(END)
  metadata = {
    "general.architecture": arch,
    "general.name": "ternbench shakespeare",
    "general.alignment": gguf.ALIGNMENT,
    "general.file_type": 40,
    f"{arch}.block_count": c.layers,
    f"{arch}.context_length": c.context,
    f"{arch}.embedding_length": c.hidden,
    f"{arch}.feed_forward_length": c.ffn,
    f"{arch}.attention.head_count": c.heads,
    f"{arch}.attention.head_count_kv": c.kv_heads,
    f"{arch}.attention.layer_norm_rms_epsilon": c.norm_eps,
    f"{arch}.rope.dimension_count": c.head_dim,
    f"{arch}.rope.freq_base": c.rope_theta,
    f"{arch}.vocab_size": c.vocabulary,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": words,
    # 3: control, 1: normal.
    "tokenizer.ggml.token_type": [3 if word == END else 1 for word in words],
    "tokenizer.ggml.merges": merges,
    "tokenizer.ggml.bos_token_id": end,
    "tokenizer.ggml.eos_token_id": end,
    "tokenizer.ggml.add_bos_token": True,
  }
  tensors = []
  modules = dict(model.named_modules())
  for name, weight in model.named_parameters():
    weight = weight.detach()
    if isinstance(modules[name.rsplit(".", 1)[0]], BitLinear):
      trits, scale = ternary(weight)
      body = gguf.i2s(trits.numpy().astype(numpy.int8).ravel(), scale.item())
      tensors.append((name, gguf.I2_S, tuple(weight.shape), body))
    elif weight.dim() == 2:
      tensors.append((name, gguf.F16, tuple(weight.shape), weight.numpy().astype("<f2").tobytes()))
    else:
      tensors.append((name, gguf.F32, tuple(weight.shape), weight.numpy().astype("<f4").tobytes()))
  gguf.write(path, metadata, tensors)


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--out", type=pathlib.Path, required=True)
  parser.add_argument("--steps", type=int, default=1300)
  parser.add_argument("--batch", type=int, default=16)
  parser.add_argument("--peak", type=float, default=2e-3)
  parser.add_argument("--seed", type=int, default=1)
  parser.add_argument("--threads", type=int, default=2)
  options = parser.parse_args()
  options.out.mkdir(parents=True, exist_ok=True)
  torch.set_num_threads(options.threads)
  torch.manual_seed(options.seed)

  works, held_out = corpus.split()
  c = Config()
  tokenizer = train_tokenizer(works, c.vocabulary)
  tokenizer.save(str(options.out / "tokenizer.json"))
  (options.out / "heldout.txt").write_text(held_out)
  data, unseen = tokens_of(tokenizer, works), tokens_of(tokenizer, [held_out])
  model = Model(c)
  parameters = sum(p.numel() for p in model.parameters())
  print(f"{parameters} parameters, {len(data)} training tokens, {len(unseen)} held out", flush=True)

  matrices = [p for p in model.parameters() if p.dim() == 2]
  vectors = [p for p in model.parameters() if p.dim() == 1]
  # Weight decay stops half-way, as in the recipe for b1.58: by then it would only flip signs.
  groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
  optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95))
  generator = torch.Generator().manual_seed(options.seed)
  checkpoint = options.out / "checkpoint.pt"
  running, first, before = None, 0, 0.0
  if checkpoint.exists():
    saved = torch.load(checkpoint, weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    generator.set_state(saved["generator"])
    running, first, before = saved["running"], saved["step"], saved["seconds"]
    print(f"goes on from step {first}", flush=True)
  begin = time.time() - before
  with open(options.out / "loss.csv", "a") as log:
    if first == 0:
      log.write("step,tokens,train_loss,heldout_perplexity,seconds\n")
    for step in range(first, options.steps):
      for group in optimizer.param_groups:
        group["lr"] = learning_rate(step, options.steps, options.peak)
      if step >= options.steps // 2:
        optimizer.param_groups[0]["weight_decay"] = 0.0
      starts = torch.randint(len(data) - c.context - 1, (options.batch,), generator=generator)
      batch = torch.stack([data[s : s + c.context + 1] for s in starts])
      logits = model(batch[:, :-1])
      loss = functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
      optimizer.zero_grad()
      loss.backward()
      torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
      optimizer.step()
      running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
      if step % 100 == 99 or step == options.steps - 1:
        ppl, _ = perplexity(model, unseen)
        line = f"{step + 1},{(step + 1) * options.batch * c.context},{running:.4f},{ppl:.3f},{time.time() - begin:.0f}"
        log.write(line + "\n")
        log.flush()
        print(line, flush=True)
      if step % 50 == 49:
        state = {
          "model": model.state_dict(), "optimizer": optimizer.state_dict(), "generator": generator.get_state(),
          "running": running, "step": step + 1, "seconds": time.time() - begin}
        torch.save(state, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)

  # What is shipped is what is judged: the head and embedding in float16.
  model.token_embd.weight.data = model.token_embd.weight.data.half().float()
  ppl, count = perplexity(model, unseen)
  export(options.out / "model.gguf", model, tokenizer)
  text = sample(model, tokenizer, "HAMLET.\nTo be, or not", 96)
  summary = {
    "parameters": parameters, "training_tokens": len(data), "steps": options.steps, "batch": options.batch,
    "peak_learning_rate": options.peak, "seed": options.seed, "threads": options.threads,
    "seconds": round(time.time() - begin), "train_loss": running, "heldout_perplexity": ppl,
    "heldout_predicted_tokens": count, "torch": torch.__version__, "tokenizers": tokenizers.__version__,
    "bytes": (options.out / "model.gguf").stat().st_size, "sample": text,
  }
  (options.out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
  print(json.dumps(summary, indent=2))


if __name__ == "__main__":
  main()
