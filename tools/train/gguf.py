"""Writes and reads GGUF version 3: metadata, then tensors aligned to 32 bytes (layout: ggml's docs/gguf.md).

I2_S is bitnet.cpp's 2-bit type (id 36) over the flattened tensor: a block of 32 bytes holds 128 weights, byte j the
weights j, j + 32, j + 64, j + 96 from its high bits down, code = weight + 1; one float32 scale and padding to 32 bytes
follow the codes of the whole tensor.
"""

import io
import struct

import numpy

ALIGNMENT = 32
F32, F16, I2_S = 0, 1, 36
UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5


def i2s(trits, scale):
  """Packs a flat array of -1, 0, 1 whose length is a multiple of 128."""
  codes = (trits.reshape(-1, 4, 32) + 1).astype(numpy.uint8)
  packed = codes[:, 0] << 6 | codes[:, 1] << 4 | codes[:, 2] << 2 | codes[:, 3]
  return packed.tobytes() + struct.pack("<f", scale) + bytes(28)


def string(text):
  raw = text.encode()
  return struct.pack("<Q", len(raw)) + raw


def value(item):
  """Returns (type id, bytes) of a str, bool, int, float, or list of str or int."""
  if isinstance(item, str):
    return STRING, string(item)
  if isinstance(item, bool):
    return BOOL, struct.pack("<?", item)
  if isinstance(item, int):
    return UINT32, struct.pack("<I", item)
  if isinstance(item, float):
    return FLOAT32, struct.pack("<f", item)
  kind = STRING if isinstance(item[0], str) else INT32
  body = b"".join(string(x) if kind == STRING else struct.pack("<i", x) for x in item)
  return ARRAY, struct.pack("<IQ", kind, len(item)) + body


def write(path, metadata, tensors):
  """Writes a file.

  metadata: {key: value}; tensors: [(name, type id, shape in PyTorch's order, bytes)].
  """
  head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
  for key, item in metadata.items():
    kind, body = value(item)
    head += string(key) + struct.pack("<I", kind) + body
  offset = 0
  for name, kind, shape, body in tensors:
    # GGUF names the fastest dimension first.
    head += string(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape)) + struct.pack("<IQ", kind, offset)
    offset += -(-len(body) // ALIGNMENT) * ALIGNMENT
  with open(path, "wb") as file:
    file.write(head + bytes(-len(head) % ALIGNMENT))
    for _, _, _, body in tensors:
      file.write(body + bytes(-len(body) % ALIGNMENT))


def unpack(stream, form):
  (item,) = struct.unpack(form, stream.read(struct.calcsize(form)))
  return item


def read_string(stream):
  return stream.read(unpack(stream, "<Q")).decode()


def read_value(stream, kind):
  if kind == STRING:
    return read_string(stream)
  if kind == ARRAY:
    inner, count = unpack(stream, "<I"), unpack(stream, "<Q")
    return [read_value(stream, inner) for _ in range(count)]
  return unpack(stream, {UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind])


def read(path):
  """Returns what `write` was given: (metadata, {name: array of float32, or (trits, scale) of I2_S})."""
  data = path.read_bytes()
  stream = io.BytesIO(data)
  assert stream.read(4) == b"GGUF" and unpack(stream, "<I") == 3
  tensor_count, key_count = unpack(stream, "<Q"), unpack(stream, "<Q")
  metadata = {}
  for _ in range(key_count):
    key = read_string(stream)
    metadata[key] = read_value(stream, unpack(stream, "<I"))
  infos = []
  for _ in range(tensor_count):
    name = read_string(stream)
    shape = [unpack(stream, "<Q") for _ in range(unpack(stream, "<I"))]
    infos.append((name, tuple(reversed(shape)), unpack(stream, "<I"), unpack(stream, "<Q")))
  begin = -(-stream.tell() // ALIGNMENT) * ALIGNMENT
  tensors = {}
  for name, shape, kind, offset in infos:
    count, at = int(numpy.prod(shape)), begin + offset
    if kind == I2_S:
      packed = numpy.frombuffer(data, numpy.uint8, count // 4, at).reshape(-1, 32)
      codes = numpy.stack([packed >> shift & 3 for shift in (6, 4, 2, 0)], axis=1)
      (scale,) = struct.unpack_from("<f", data, at + count // 4)
      tensors[name] = codes.astype(numpy.float32).reshape(shape) - 1, scale
    else:
      values = numpy.frombuffer(data, {F32: "<f4", F16: "<f2"}[kind], count, at)
      tensors[name] = values.astype(numpy.float32).reshape(shape)
  return metadata, tensors
