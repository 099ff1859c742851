"""Read multilingual-e5-small (Wang et al. 2024) from the one file that its package keeps it in.

The file, all little-endian, ``str`` being a text of so many bytes in UTF-8:

- ``E5S1``, uint32 version; int32 width, layers, heads, inner width, rows of words, places, kinds of token; float32 epsilon, int32 numbers a block;
- int32 pieces, and the numbers of those that begin, end, fill and stand for what is unknown; uint64 bytes of their text; uint32 where each
  begins and the last ends; float32 scores; the text;
- int32 characters that are written otherwise, uint32 bytes of their list: uint32 character, uint8 how many follow, uint32 each;
- int32 matrices: uint16 and str the name, uint8 kind (0 float32, 1 blocks), uint32 numbers, uint64 place in the file, uint64 bytes.

A block holds 32 numbers as a float16 scale and 16 bytes, whose low halves come first; a half less eight, times the scale, is a number (Q4_0 of
llama.cpp). The matrix of words stays in the file, which is mapped: as floats it would take 384 MB, and a text needs a few rows.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ConfigurationError

Array = NDArray[Any]
MAGIC, VERSION, BLOCK_NUMBERS = b"E5S1", 1, 32
BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_MATRICES = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "ao": "attention.output.dense",
    "fi": "intermediate.dense", "fo": "output.dense",
}  # fmt: skip
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


class Pieces(NamedTuple):
    """The word pieces with their scores, the numbers of four of them, and how characters are written before they are cut."""

    texts: list[str]
    scores: list[float]
    begin: int
    end: int
    unknown: int
    written: dict[int, str]


class _Entry(NamedTuple):
    blocks: bool
    numbers: int
    place: int


@dataclass(frozen=True)
class PackedE5:
    """The opened file: ``layers`` of ``width`` numbers, its ``pieces``, and the rows and matrices on demand."""

    layers: int
    width: int
    inner: int
    pieces: Pieces
    _raw: Array
    _entries: Mapping[str, _Entry]

    def words(self, ids: Array) -> Array:
        """Return the rows of word pieces, of shape (..., width) for ids of shape (...), float32."""
        entry = self._entries["emb.word"]
        blocks = self._raw[entry.place : entry.place + _bytes(entry)].view(BLOCK)
        return _floats(blocks.reshape(-1, self.width // BLOCK_NUMBERS)[ids]).reshape(*ids.shape, self.width)

    def weights(self) -> dict[str, Array]:
        """Return every matrix but that of the words under the names of a BERT, (out, in), float32."""
        shapes = {"fi": (self.inner, self.width), "fo": (self.width, self.inner)}
        e = "embeddings."
        found = {
            f"{e}position_embeddings.weight": self._matrix("emb.pos").reshape(-1, self.width),
            f"{e}token_type_embeddings.weight": self._matrix("emb.type").reshape(-1, self.width),
            f"{e}LayerNorm.weight": self._matrix("emb.ln.w"),
            f"{e}LayerNorm.bias": self._matrix("emb.ln.b"),
        }
        for layer in range(self.layers):
            for short, name in {**_MATRICES, **_NORMS}.items():
                weight = self._matrix(f"l{layer}.{short}.w")
                shape = shapes.get(short, (self.width, self.width)) if short in _MATRICES else (self.width,)
                found[f"encoder.layer.{layer}.{name}.weight"] = weight.reshape(shape)
                found[f"encoder.layer.{layer}.{name}.bias"] = self._matrix(f"l{layer}.{short}.b")
        return found

    def _matrix(self, name: str) -> Array:
        entry = self._entries[name]
        raw = self._raw[entry.place : entry.place + _bytes(entry)]
        return _floats(raw.view(BLOCK)).reshape(-1) if entry.blocks else raw.view("<f4").astype(np.float32)


def open_packed(path: Path) -> PackedE5:
    """Map the file and read what stands before its matrices.

    Raises:
        ConfigurationError: it is no such file, or ends too early.
    """
    raw = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
    try:
        return _parsed(raw)
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise ConfigurationError(
            f"{path} does not hold multilingual-e5-small as E5S1, version {VERSION}: {error}"
        ) from error


def _parsed(raw: Array) -> PackedE5:
    reader = _Reader(raw)
    if reader.take(4) != MAGIC or reader.number("I") != VERSION:
        raise ValueError("it begins otherwise")
    width, layers, _, inner, rows, _, _ = reader.numbers("7i")
    _, block = reader.numbers("fi")
    if block != BLOCK_NUMBERS or width % block:
        raise ValueError(f"blocks of {block} numbers for rows of {width}")
    pieces = _pieces(reader)
    entries = dict(_entry(reader) for _ in range(reader.number("i")))
    for name, entry in entries.items():
        if entry.place + _bytes(entry) > len(raw):
            raise ValueError(f"{name} ends after the file")
    if entries["emb.word"].numbers != rows * width or len(pieces.texts) > rows:
        raise ValueError("the matrix of words has another size")
    return PackedE5(layers, width, inner, pieces, raw, entries)


class _Reader:
    """Read one value after the other."""

    def __init__(self, raw: Array) -> None:
        self._raw, self._at = raw, 0

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        if not 0 <= size <= len(self._raw) - self._at:
            raise ValueError("it ends too early")
        self._at += size
        return bytes(self._raw[self._at - size : self._at])

    def numbers(self, form: str) -> tuple[Any, ...]:
        """Return the next values of a form of ``struct``."""
        return struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))

    def number(self, form: str) -> int:
        """Return the next whole number."""
        return int(self.numbers(form)[0])


def _pieces(reader: _Reader) -> Pieces:
    count, begin, end, _, unknown = reader.numbers("5i")
    size = reader.number("Q")
    ends = np.frombuffer(reader.take(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(reader.take(4 * count), "<f4").tolist()
    text = reader.take(size)
    texts = [text[a:b].decode() for a, b in pairwise(ends)]
    return Pieces(texts, scores, begin, end, unknown, _written(reader))


def _written(reader: _Reader) -> dict[int, str]:
    count, size = reader.number("i"), reader.number("I")
    listed, found = _Reader(np.frombuffer(reader.take(size), np.uint8)), {}
    for _ in range(count):
        char, others = listed.numbers("IB")
        found[char] = "".join(map(chr, listed.numbers(f"{others}I")))
    return found


def _entry(reader: _Reader) -> tuple[str, _Entry]:
    name = reader.take(reader.number("H")).decode()
    kind, numbers, place, _ = reader.numbers("BIQQ")
    return name, _Entry(kind == 1, numbers, place)


def _bytes(entry: _Entry) -> int:
    return entry.numbers // BLOCK_NUMBERS * BLOCK.itemsize if entry.blocks else entry.numbers * 4


def _floats(blocks: Array) -> Array:
    """Return blocks (...) as numbers (..., 32), float32."""
    halves = blocks["halves"]
    whole = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8
    return np.asarray(whole * blocks["scale"].astype(np.float32)[..., None], np.float32)
