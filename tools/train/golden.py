"""Writes what PyTorch makes of the shipped model: python tools/train/golden.py MODEL.gguf HELDOUT.txt OUT.json

Only the GGUF file is judged, read by a reader of its own and run in float32. OUT.json is the fixture that ternbench's
tests hold logits and perplexity against; the figures of the model card are printed. Needs what train.py needs.
"""

import argparse
import json
import math
import pathlib

import tokenizers
import torch
from torch import nn
from torch.nn import functional

import gguf
from model import BitLinear, Config, Model, int8

# Tokens whose logits are compared; of one in so many all logits are kept, of the others the likeliest token.
TOKENS, KEPT = 64, 16


class FrozenBitLinear(nn.Module):
  """A linear layer of ternary codes and a scale, as the file has them."""

  def __init__(self, trits, scale):
    super().__init__()
    self.trits, self.scale = torch.tensor(trits), scale

  def forward(self, x):
    codes, per_token = int8(x)
    # A product of codes is whole and below 2^24: float32 holds it, in whatever order it is summed.
    return functional.linear(codes, self.trits) * (self.scale / per_token)


def load(path):
  """Returns (model, tokenizer) of a file that train.py wrote."""
  metadata, tensors = gguf.read(path)
  key = lambda name: metadata[f"bitnet-b1.58.{name}"]
  c = Config(
    vocabulary=key("vocab_size"), hidden=key("embedding_length"), layers=key("block_count"),
    heads=key("attention.head_count"), kv_heads=key("attention.head_count_kv"), ffn=key("feed_forward_length"),
    context=key("context_length"), rope_theta=key("rope.freq_base"),
    norm_eps=key("attention.layer_norm_rms_epsilon"))
  model = Model(c)
  for name, module in list(model.named_modules()):
    if isinstance(module, BitLinear):
      parent, child = name.rsplit(".", 1)
      setattr(model.get_submodule(parent), child, FrozenBitLinear(*tensors.pop(f"{name}.weight")))
  # What is left is exactly the model's parameters, or this fails.
  model.load_state_dict({name: torch.tensor(values) for name, values in tensors.items()})

  words, merges = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.merges"]
  pairs = [tuple(merge.split(" ")) for merge in merges]
  tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE({word: id for id, word in enumerate(words)}, pairs))
  tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
  return model.eval(), tokenizer, metadata["tokenizer.ggml.bos_token_id"]


@torch.no_grad()
def window_losses(model, ids):
  """Returns the sum of -ln p of each window of the context; its first token is given, all others are predicted."""
  losses = []
  for window in ids.split(model.c.context):
    if len(window) >= 2:
      logits = model(window[None])[0, :-1].double()
      losses.append(functional.cross_entropy(logits, window[1:], reduction="sum").item())
  return losses


@torch.no_grad()
def main():
  parser = argparse.ArgumentParser()
  for name in ("model", "heldout", "out"):
    parser.add_argument(name, type=pathlib.Path)
  options = parser.parse_args()
  model, tokenizer, begin = load(options.model)
  ids = torch.tensor(tokenizer.encode(options.heldout.read_text()).ids)

  given = torch.cat((torch.tensor([begin]), ids[: TOKENS - 1]))
  logits = model(given[None])[0]
  spread = (logits.max() - logits.min()).item()
  first, second = logits.topk(2, dim=-1).values.unbind(-1)
  losses = window_losses(model, ids)
  predicted = len(ids) - len(losses) - (len(ids) % model.c.context == 1)
  golden = {
    "ids": given.tolist(),
    "likeliest": logits.argmax(-1).tolist(),
    "spread": spread,
    # Rounded to less than 1e-5 of their spread.
    "logits": {str(p): [round(x, 4) for x in logits[p].tolist()] for p in range(KEPT - 1, TOKENS, KEPT)},
    "windowLosses": [round(loss, 3) for loss in losses],
    "predicted": predicted,
    "perplexity": math.exp(sum(losses) / predicted),
  }
  options.out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
  print(f"{len(ids)} tokens, {predicted} predicted, perplexity {golden['perplexity']:.4f}")
  print(f"logits spread over {spread:.3f}; the likeliest leads by {(first - second).min().item():.5f} at least")
  zeros = torch.cat([m.trits.flatten() == 0 for m in model.modules() if isinstance(m, FrozenBitLinear)])
  print(f"{zeros.numel()} ternary weights, {100 * zeros.float().mean().item():.2f} % zero")
  print(f"torch {torch.__version__}, tokenizers {tokenizers.__version__}")


if __name__ == "__main__":
  main()
