#!/usr/bin/env python3
"""Makes Tests/DecoderTests/Fixtures: tiny random ternary models as GGUF and as Hugging Face folders, the logits that
transformers gives, and the residual stream behind each half of each block.

    pip install torch==2.13.0+cpu transformers==4.57.1 numpy==2.4.6 safetensors==0.8.0
    python3 tools/golden/make_logits.py Tests/DecoderTests/Fixtures

A fresh BitNetForCausalLM is not ternary: its layers are plain nn.Linear. So every linear layer but the
head is replaced by transformers' own AutoBitLinear in offline mode, with random ternary weights and a
scale, which quantizes activations as the 2B4T model does. All is computed in float32.
"""

import json
import os
import sys
from pathlib import Path

os.environ["TORCH_COMPILE_DISABLE"] = "1"
os.environ["TORCHDYNAMO_DISABLE"] = "1"

import gguf_writer as gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import BitNetConfig, BitNetForCausalLM, LlamaConfig, LlamaForCausalLM
from transformers.integrations.bitnet import AutoBitLinear

SEED = 1058
TOKENS = 24


def randomise(model, rng):
    """Gives every layer random weights; returns the ternary ones by the name of their layer.

    Scales have few bits, so that binary16, bfloat16 and float32 hold them alike.
    """
    ternary = {}
    for parent_name, parent in list(model.named_modules()):
        for name, child in list(parent.named_children()):
            if not isinstance(child, torch.nn.Linear) or name == "lm_head":
                continue
            out, inputs = child.weight.shape
            codes = rng.choice([-1, 0, 1], size=(out, inputs), p=[0.3, 0.4, 0.3]).astype(np.int8)
            scale = np.float32(torch.tensor(rng.uniform(0.8, 1.2) / np.sqrt(inputs)).bfloat16().item())
            linear = AutoBitLinear(inputs, out, bias=False, online_quant=False)
            linear.weight = torch.nn.Parameter(torch.tensor(codes, dtype=torch.float32))
            linear.weight_scale = torch.tensor([scale])
            setattr(parent, name, linear)
            ternary[f"{parent_name}.{name}"] = (codes, scale)
    for name, parameter in model.named_parameters():
        if "norm" in name:
            values = rng.uniform(0.5, 1.5, parameter.shape)
        elif "embed" in name or "lm_head" in name:
            # What binary16 holds, as the file does.
            values = rng.normal(0, 0.5, parameter.shape).astype(np.float16)
        else:
            continue
        parameter.data = torch.tensor(values, dtype=torch.float32)
    return ternary


def pairs_of_halves(codes, heads):
    """llama.cpp's order of the rows of q and k in `llama` files: a head's halves take turns."""
    out, inputs = codes.shape
    return codes.reshape(heads, 2, out // heads // 2, inputs).swapaxes(1, 2).reshape(out, inputs)


NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
NORMS = {
    "input_layernorm": "attn_norm",
    "self_attn.attn_sub_norm": "attn_sub_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.ffn_sub_norm": "ffn_sub_norm",
}
PACKERS = {gguf.I2_S: gguf.i2_s, gguf.TQ1_0: gguf.tq1_0, gguf.TQ2_0: gguf.tq2_0}


def tensors(model, ternary, arch, types):
    config = model.config
    state = {name: value.detach().numpy() for name, value in model.named_parameters()}

    def floats(name, value, kind):
        dtype = np.float16 if kind == gguf.F16 else np.float32
        return (name, kind, value.shape[::-1], value.astype(dtype).tobytes())

    out = [floats("token_embd.weight", state["model.embed_tokens.weight"], gguf.F16)]
    for layer in range(config.num_hidden_layers):
        for index, (key, name) in enumerate(NAMES.items()):
            codes, scale = ternary[f"model.layers.{layer}.{key}"]
            if arch == "llama" and name == "attn_q":
                codes = pairs_of_halves(codes, config.num_attention_heads)
            if arch == "llama" and name == "attn_k":
                codes = pairs_of_halves(codes, config.num_key_value_heads)
            kind = types[(layer + index) % len(types)]
            out.append(
                (f"blk.{layer}.{name}.weight", kind, codes.shape[::-1], PACKERS[kind](codes, scale))
            )
        for key, name in NORMS.items():
            weight = state.get(f"model.layers.{layer}.{key}.weight")
            if weight is not None:
                out.append(floats(f"blk.{layer}.{name}.weight", weight, gguf.F32))
    out.append(floats("output_norm.weight", state["model.norm.weight"], gguf.F32))
    if not config.tie_word_embeddings:
        out.append(floats("output.weight", state["lm_head.weight"], gguf.F16))
    return out


def pack_rows(codes):
    """Hugging Face's packing: row i * M / 4 + j lies in row j, bits 2 i and 2 i + 1."""
    c = torch.tensor(codes + 1, dtype=torch.uint8).reshape(4, len(codes) // 4, -1)
    return c[0] | c[1] << 2 | c[2] << 4 | c[3] << 6


def save_folder(folder, model, ternary, linear_class, packed, shards):
    """Writes config.json and safetensors as transformers names them."""
    config = model.config
    tensors = {}
    for name, value in model.named_parameters():
        if "norm" in name:
            tensors[name] = value.detach()
        elif "embed" in name or "lm_head" in name:
            tensors[name] = value.detach().half()
    for name, (codes, scale) in ternary.items():
        if packed:
            tensors[f"{name}.weight"] = pack_rows(codes)
            stored = scale if linear_class == "autobitlinear" else 1 / scale
            tensors[f"{name}.weight_scale"] = torch.tensor([stored], dtype=torch.float32)
        else:
            tensors[f"{name}.weight"] = (torch.tensor(codes, dtype=torch.float32) * scale).bfloat16()
    folder.mkdir(exist_ok=True)
    keys = [
        "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "vocab_size", "max_position_embeddings", "rope_theta", "rms_norm_eps",
        "hidden_act", "tie_word_embeddings",
    ]
    described = {key: getattr(config, key) for key in keys}
    described["quantization_config"] = {
        "quant_method": "bitnet", "linear_class": linear_class,
        "quantization_mode": "offline" if packed else "online",
    }
    (folder / "config.json").write_text(json.dumps(described, indent=1) + "\n")
    names = sorted(tensors)
    if shards == 1:
        save_file({name: tensors[name].contiguous() for name in names}, folder / "model.safetensors")
        return
    where = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = names[shard::shards]
        where |= {name: file for name in part}
        save_file({name: tensors[name].contiguous() for name in part}, folder / file)
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=0) + "\n")


# Which folders are made of which model: name, linear_class, packed, shards.
FOLDERS = {
    "2b4t": [("2b4t-packed", "autobitlinear", True, 1), ("2b4t-bf16", "autobitlinear", False, 1)],
    "llama": [("llama-packed", "bitlinear", True, 2)],
}


def metadata(config, arch):
    return {
        "general.architecture": arch,
        f"{arch}.block_count": config.num_hidden_layers,
        f"{arch}.context_length": config.max_position_embeddings,
        f"{arch}.embedding_length": config.hidden_size,
        f"{arch}.feed_forward_length": config.intermediate_size,
        f"{arch}.attention.head_count": config.num_attention_heads,
        f"{arch}.attention.head_count_kv": config.num_key_value_heads,
        f"{arch}.attention.layer_norm_rms_epsilon": config.rms_norm_eps,
        f"{arch}.rope.freq_base": config.rope_theta,
    }


COMMON = dict(num_hidden_layers=2, max_position_embeddings=64, attn_implementation="eager")
MODELS = {
    # The 2B4T architecture; the feed-forward width is no multiple of 128.
    "2b4t": (
        "bitnet-b1.58",
        BitNetForCausalLM,
        BitNetConfig(
            hidden_size=64, intermediate_size=168, num_attention_heads=4, num_key_value_heads=2,
            vocab_size=96, rope_theta=500000.0, rms_norm_eps=1e-5, hidden_act="relu2",
            tie_word_embeddings=True, bos_token_id=0, eos_token_id=1, **COMMON,
        ),
        [gguf.I2_S],
    ),
    # 1bitLLM's: SiLU with sub-norms. TQ blocks need widths that are multiples of 256.
    "1bitllm": (
        "bitnet",
        BitNetForCausalLM,
        BitNetConfig(
            hidden_size=256, intermediate_size=256, num_attention_heads=4, num_key_value_heads=4,
            vocab_size=80, rope_theta=10000.0, rms_norm_eps=1e-5, hidden_act="silu",
            tie_word_embeddings=True, bos_token_id=0, eos_token_id=1, **COMMON,
        ),
        [gguf.TQ1_0, gguf.TQ2_0],
    ),
    # Llama-like: SiLU, no sub-norms, a head of its own; heads of 24 fill no whole lanes.
    "llama": (
        "llama",
        LlamaForCausalLM,
        LlamaConfig(
            hidden_size=96, intermediate_size=224, num_attention_heads=4, num_key_value_heads=1,
            vocab_size=112, rope_theta=1000042.0, rms_norm_eps=1e-6, hidden_act="silu",
            tie_word_embeddings=False, bos_token_id=0, eos_token_id=1, **COMMON,
        ),
        [gguf.I2_S],
    ),
}


# Positions whose residual stream is kept: the first attends to itself alone, the last to all.
KEPT = [0, 11, 23]


def watch(model):
    """Keeps the residual stream behind attention and feed-forward of each layer; returns where."""
    kept = {"attention": [], "feedForward": []}

    def keep(half, tensor):
        kept[half].append([[float(f"{v:.8g}") for v in tensor[0, t].tolist()] for t in KEPT])

    for layer in model.model.layers:
        # What is normed before the feed-forward block is the stream behind attention.
        layer.post_attention_layernorm.register_forward_pre_hook(
            lambda _, inputs: keep("attention", inputs[0]))
        layer.register_forward_hook(
            lambda _, inputs, output: keep(
                "feedForward", output[0] if isinstance(output, tuple) else output))
    return kept


def main():
    out = Path(sys.argv[1])
    residuals = {}
    out.mkdir(parents=True, exist_ok=True)
    for index, (name, (arch, kind, config, types)) in enumerate(MODELS.items()):
        rng = np.random.default_rng(SEED + index)
        model = kind(config).float().eval()
        ternary = randomise(model, rng)
        ids = rng.integers(0, config.vocab_size, TOKENS).tolist()
        kept = watch(model)
        with torch.no_grad():
            result = model(torch.tensor([ids]))
        residuals[name] = {"positions": KEPT, **kept}
        gguf.write(out / f"{name}.gguf", metadata(config, arch), tensors(model, ternary, arch, types))
        for folder, linear_class, packed, shards in FOLDERS.get(name, []):
            save_folder(out / folder, model, ternary, linear_class, packed, shards)
        golden = {
            "ids": ids,
            "logits": [[float(np.float32(v)) for v in row] for row in result.logits[0]],
        }
        (out / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    (out / "residuals.json").write_text(json.dumps(residuals, separators=(",", ":")) + "\n")


main()
