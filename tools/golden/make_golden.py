#!/usr/bin/env python3
"""Makes Tests/Conformance/Golden: ternary weights and the bytes that other packers make of them.

TQ1_0 and TQ2_0 come from PyPI's gguf, llama.cpp's own Python package. I2_S comes from the few lines
below, written from the description of bitnet.cpp's x86 layout and not from this project's packer.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install gguf==0.19.0 numpy==2.4.6
    /tmp/golden/bin/python tools/golden/make_golden.py

The same versions and seed give the same bytes. Neither building nor testing runs this.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, quants

SEED = 1058
OUT = Path(__file__).resolve().parents[2] / "Tests" / "Conformance" / "Golden"


def weights(rng: np.random.Generator, rows: int, inputs: int) -> np.ndarray:
    return rng.integers(-1, 2, size=(rows, inputs), dtype=np.int8)


def i2_s(w: np.ndarray) -> np.ndarray:
    """Blocks of 128 weights in 32 bytes; weights j, j + 32, j + 64, j + 96 from bit 7 down."""
    code = (w + 1).astype(np.uint8).reshape(-1, 4, 32)
    return (code[:, 0] << 6 | code[:, 1] << 4 | code[:, 2] << 2 | code[:, 3]).reshape(-1)


def write(name: str, w: np.ndarray, packed: np.ndarray) -> None:
    rows = ["".join("-0+"[value + 1] for value in row) for row in w.tolist()]
    (OUT / f"{name}.weights").write_text("\n".join(rows) + "\n")
    (OUT / f"{name}.packed").write_bytes(packed.tobytes())


def main() -> None:
    for package, wanted in (("gguf", "0.19.0"), ("numpy", "2.4.6")):
        if version(package) != wanted:
            raise SystemExit(f"{package} is {version(package)}, the fixtures need {wanted}")
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng(SEED)

    w = weights(rng, 5, 512)
    w[1, 256:] = 0  # a block whose scale is 0
    w[2, :256] = 1
    w[3, :256] = -1
    w[4, :255] = 0  # a block with one weight
    w[4, 255] = -1
    for name, kind in (("tq1_0", GGMLQuantizationType.TQ1_0), ("tq2_0", GGMLQuantizationType.TQ2_0)):
        write(name, w, quants.quantize(w.astype(np.float32), kind))

    w = weights(rng, 3, 384)
    w[1, :128] = 1
    w[2, 128:256] = -1
    write("i2s_128", w, i2_s(w))


if __name__ == "__main__":
    main()
