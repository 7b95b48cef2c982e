"""BitNet b1.58 2B4T in small: quantisation-aware, sub-norms, squared ReLU, grouped-query attention, tied head.

Semantics follow transformers' modeling_bitnet.py and integrations/bitnet.py (AutoBitLinear, online): weights absmean
ternary with one scale a tensor, activations absmax int8 per token, both with a straight-through estimator.
"""

import dataclasses

import torch
from torch import nn
from torch.nn import functional


@dataclasses.dataclass(frozen=True)
class Config:
  vocabulary: int = 2048
  hidden: int = 256
  layers: int = 5
  heads: int = 4
  kv_heads: int = 2
  # Not a multiple of 128, so that the hard case of every kernel is always exercised.
  ffn: int = 672
  context: int = 256
  rope_theta: float = 10000.0
  norm_eps: float = 1e-5

  @property
  def head_dim(self):
    return self.hidden // self.heads


def ternary(weight):
  """Returns codes in {-1, 0, 1} as floats, and the scale mean|W| that they are multiplied by."""
  scale = weight.abs().mean().clamp(min=1e-5)
  return (weight / scale).round().clamp(-1, 1), scale


def int8(x):
  """Returns codes in [-128, 127] as floats, and each token's 127 / max|x|."""
  scale = 127 / x.abs().amax(dim=-1, keepdim=True).clamp(min=1e-5)
  return (x * scale).round().clamp(-128, 127), scale


class BitLinear(nn.Linear):
  """A linear layer whose product is of int8 codes and ternary codes."""

  def __init__(self, inputs, outputs):
    super().__init__(inputs, outputs, bias=False)

  def forward(self, x):
    codes, per_token = int8(x)
    quantized = x + (codes / per_token - x).detach()
    trits, scale = ternary(self.weight)
    weight = self.weight + (trits * scale - self.weight).detach()
    return functional.linear(quantized, weight)


class RMSNorm(nn.Module):
  def __init__(self, size, eps):
    super().__init__()
    self.weight = nn.Parameter(torch.ones(size))
    self.eps = eps

  def forward(self, x):
    return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


def rotate(x, cos, sin):
  """RoPE on NeoX halves: element i is paired with i + head_dim / 2."""
  first, second = x.chunk(2, dim=-1)
  return x * cos + torch.cat((-second, first), dim=-1) * sin


class Layer(nn.Module):
  def __init__(self, c):
    super().__init__()
    self.c = c
    self.attn_norm = RMSNorm(c.hidden, c.norm_eps)
    self.attn_q = BitLinear(c.hidden, c.heads * c.head_dim)
    self.attn_k = BitLinear(c.hidden, c.kv_heads * c.head_dim)
    self.attn_v = BitLinear(c.hidden, c.kv_heads * c.head_dim)
    self.attn_sub_norm = RMSNorm(c.hidden, c.norm_eps)
    self.attn_output = BitLinear(c.hidden, c.hidden)
    self.ffn_norm = RMSNorm(c.hidden, c.norm_eps)
    self.ffn_gate = BitLinear(c.hidden, c.ffn)
    self.ffn_up = BitLinear(c.hidden, c.ffn)
    self.ffn_sub_norm = RMSNorm(c.ffn, c.norm_eps)
    self.ffn_down = BitLinear(c.ffn, c.hidden)

  def forward(self, x, cos, sin):
    batch, length, _ = x.shape
    split = lambda y: y.view(batch, length, -1, self.c.head_dim).transpose(1, 2)
    h = self.attn_norm(x)
    q, k, v = split(self.attn_q(h)), split(self.attn_k(h)), split(self.attn_v(h))
    q, k = rotate(q, cos, sin), rotate(k, cos, sin)
    a = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    x = x + self.attn_output(self.attn_sub_norm(a.transpose(1, 2).reshape(batch, length, -1)))
    h = self.ffn_norm(x)
    m = functional.relu(self.ffn_gate(h)).pow(2) * self.ffn_up(h)
    return x + self.ffn_down(self.ffn_sub_norm(m))


class Model(nn.Module):
  def __init__(self, c):
    super().__init__()
    self.c = c
    self.token_embd = nn.Embedding(c.vocabulary, c.hidden)
    self.blk = nn.ModuleList(Layer(c) for _ in range(c.layers))
    self.output_norm = RMSNorm(c.hidden, c.norm_eps)
    for name, weight in self.named_parameters():
      if weight.dim() == 2:
        nn.init.normal_(weight, std=0.02)
    inverse = c.rope_theta ** (-torch.arange(0, c.head_dim, 2).float() / c.head_dim)
    angles = torch.outer(torch.arange(c.context).float(), inverse).repeat(1, 2)
    self.register_buffer("cos", angles.cos(), persistent=False)
    self.register_buffer("sin", angles.sin(), persistent=False)

  def forward(self, ids):
    """Returns the logits, (batch, length, vocabulary)."""
    x = self.token_embd(ids)
    cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
    for layer in self.blk:
      x = layer(x, cos, sin)
    return functional.linear(self.output_norm(x), self.token_embd.weight)
