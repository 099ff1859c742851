"""Look words up in the lexicon: sorted lines, unpacked into memory at the first look."""

from __future__ import annotations

import gzip
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

LANGUAGES = ("en", "de", "zh")
DATA = Path(__file__).parent / "data" / "lexicon.tsv.gz"


class Sense(NamedTuple):
    """One sense: its kind (WordNet's lexicographer file), the broader sense's name, how often it is used, its words by language."""

    name: str
    kind: int
    broader: str
    uses: int
    words: tuple[tuple[str, ...], ...]

    def in_language(self, language: str) -> tuple[str, ...]:
        """Return the words of a language."""
        return self.words[LANGUAGES.index(language)]


@lru_cache(maxsize=16_384)
def senses_of(key: str, language: str) -> tuple[str, ...]:
    """Return the senses of a folded word or phrase (``keys.key_of``) in a language, the most used first."""
    line = _line(f"{key}\t{language}\t")
    return tuple(line.split(" ")) if line else ()


@lru_cache(maxsize=16_384)
def sense(name: str) -> Sense:
    """Return a sense by its name.

    Raises:
        KeyError: there is none of this name.
    """
    line = _line(f"#{name}\t")
    if not line:
        raise KeyError(name)
    kind, broader, uses, *words = line.split("\t")
    return Sense(name, int(kind), broader, int(uses), tuple(tuple(filter(None, w.split("|"))) for w in words))


def _line(start: str) -> str:
    return found_in(_unpacked(), start)


def found_in(data: bytes, start: str) -> str:
    """Return what follows ``start`` in the line that begins so, or nothing: a binary search over sorted lines."""
    wanted = start.encode()
    low, high = 0, len(data)
    while low < high:
        begin = data.rfind(b"\n", 0, (low + high) // 2) + 1
        begin = max(begin, low)
        end = data.find(b"\n", begin)
        if data[begin : begin + len(wanted)] == wanted:
            return data[begin + len(wanted) : end].decode()
        if data[begin:end] < wanted:
            low = end + 1
        else:
            high = begin
    return ""


@cache
def _unpacked() -> bytes:
    return gzip.decompress(DATA.read_bytes())
