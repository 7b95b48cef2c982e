"""A GGUF writer of a few lines, written from ggml's docs/gguf.md and not from this project's own writer."""

import struct

import numpy as np

F32, F16, TQ1_0, TQ2_0, I2_S = 0, 1, 34, 35, 36


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def value(item):
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, str):
        return struct.pack("<I", 8) + text(item)
    if all(isinstance(element, str) for element in item):
        return struct.pack("<IIQ", 9, 8, len(item)) + b"".join(map(text, item))
    return struct.pack("<IIQ", 9, 5, len(item)) + struct.pack(f"<{len(item)}i", *item)


def i2_s(codes, scale):
    """bitnet.cpp on x86: byte j of 32 holds weights j, j + 32, j + 64, j + 96 from bit 7 down; then the scale."""
    c = (codes.reshape(-1, 4, 32) + 1).astype(np.uint8)
    packed = c[:, 0] << 6 | c[:, 1] << 4 | c[:, 2] << 2 | c[:, 3]
    return packed.tobytes() + struct.pack("<f", scale) + bytes(28)


def tq2_0(codes, scale):
    """llama.cpp: byte m of each half holds weights m, m + 32, m + 64, m + 96 from bit 0 up; a float16 scale."""
    c = (codes.reshape(-1, 2, 4, 32) + 1).astype(np.uint8)
    packed = c[:, :, 0] | c[:, :, 1] << 2 | c[:, :, 2] << 4 | c[:, :, 3] << 6
    d = np.full((len(c), 1), scale, np.float16).view(np.uint8)
    return np.concatenate([packed.reshape(len(c), 64), d], axis=1).tobytes()


def tq1_0(codes, scale):
    """llama.cpp: five ternary digits a byte in two parts, four in a third; a float16 scale."""
    c = (codes.reshape(-1, 256) + 1).astype(np.uint32)

    def digits(part, stride):
        part = part.reshape(len(c), -1, stride)
        number = np.zeros((len(c), stride), np.uint32)
        for n in range(5):
            number = number * 3 + (part[:, n] if n < part.shape[1] else 0)
        return ((number * 256 + 242) // 243).astype(np.uint8)

    d = np.full((len(c), 1), scale, np.float16).view(np.uint8)
    parts = [digits(c[:, :160], 32), digits(c[:, 160:240], 16), digits(c[:, 240:], 4), d]
    return np.concatenate(parts, axis=1).tobytes()


def write(path, metadata, tensors):
    """tensors: (name, ggml type, dimensions fastest first, bytes)."""
    header = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    for key, item in metadata.items():
        header += text(key) + value(item)
    offset = 0
    for name, kind, dimensions, data in tensors:
        header += text(name) + struct.pack("<I", len(dimensions))
        header += struct.pack(f"<{len(dimensions)}Q", *dimensions)
        header += struct.pack("<IQ", kind, offset)
        offset += -(-len(data) // 32) * 32
    with open(path, "wb") as file:
        file.write(header + bytes(-len(header) % 32))
        for *_, data in tensors:
            file.write(data + bytes(-len(data) % 32))
