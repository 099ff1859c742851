"""Put slips of the keyboard right: "toyoda" for Toyota, "tshrit" for T-shirt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from .tokens import stem

SHORTEST = 4
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_KEYS = {c: (x + y / 2, y) for y, row in enumerate(_ROWS) for x, c in enumerate(row)}


class Spelling:
    """Knows the words that mean something, by first letter and length, and how ``often`` each occurs."""

    def __init__(self, words: Iterable[str], often: Mapping[str, int] | None = None) -> None:
        self.words = frozenset(words)
        self._often = often or {}
        self._stems = frozenset(map(stem, self.words))
        self._near: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(self.words, key=lambda w: (-self._often.get(w, 0), w)):
            self._near[word[0], len(word)].append(word)
        self.correct = lru_cache(maxsize=4096)(self._correct)

    def knows(self, word: str) -> bool:
        """Tell whether a folded word is one of a value, as it is or inflected."""
        return word in self.words or stem(word) in self._stems

    def _correct(self, word: str) -> str | None:
        """Return the known word that ``word`` is a slip of, or None: one slip up to six letters (in four, see ``_may_be_one_slip``), two above or
        where only vowels differ.

        The distance counts swapped neighbours as one slip (optimal string alignment). The first letter must be right;
        of equally near words the one that begins alike (Jaro-Winkler), and of these the more frequent: "shrts" are shirts where
        more of them are sold than shorts.
        """
        length = len(word)
        if length < SHORTEST or not word.isalpha() or not word.isascii():
            return None
        near = [w for other in range(length - 2, length + 3) for w in self._near.get((word[0], other), ())]
        found = process.extract(word, near, scorer=OSA.distance, score_cutoff=2, limit=8)
        kept = [f for f in found if (_may_be_one_slip if f[1] < 2 else _may_be_two_slips)(word, f[0])]
        return (
            min(kept, key=lambda f: (f[1], -JaroWinkler.similarity(word, f[0]), -self._often.get(f[0], 0)))[0]
            if kept
            else None
        )


def _may_be_one_slip(word: str, right: str) -> bool:
    """Tell whether one slip is likely: in four letters another letter only for a neighbour on the keyboard, so that mars is no "Maus"."""
    if len(word) > SHORTEST or len(word) != len(right):
        return True
    wrong = [(a, b) for a, b in zip(word, right, strict=True) if a != b]
    return len(wrong) != 1 or _are_neighbours(*wrong[0])


def _are_neighbours(a: str, b: str) -> bool:
    if a not in _KEYS or b not in _KEYS:
        return False
    (x, y), (u, v) = _KEYS[a], _KEYS[b]
    return abs(x - u) <= 1 and abs(y - v) <= 1


def _may_be_two_slips(word: str, right: str) -> bool:
    """Tell whether two slips are likely: in a long word, one that begins alike, or where only vowels differ."""
    length = len(word)
    vowels = length > 4 and abs(len(right) - length) < 2 and _consonants(word) == _consonants(right)
    return vowels or length > 7 or (length > 6 and word[:2] == right[:2])


def _consonants(word: str) -> str:
    return "".join(c for c in word if c not in "aeiouy")
