"""Put slips of the keyboard right: "toyoda" for Toyota, "tshrit" for T-shirt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from .tokens import stem

SHORTEST = 4


class Spelling:
    """Knows the words that mean something, by first letter and length."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(words)
        self._stems = frozenset(map(stem, self.words))
        self._near: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in self.words:
            self._near[word[0], len(word)].append(word)
        self.correct = lru_cache(maxsize=4096)(self._correct)

    def knows(self, word: str) -> bool:
        """Tell whether a folded word is one of a value, as it is or inflected."""
        return word in self.words or stem(word) in self._stems

    def _correct(self, word: str) -> str | None:
        """Return the known word that ``word`` is a slip of, or None: one slip up to seven letters, two above.

        The distance counts swapped neighbours as one slip (optimal string alignment). The first letter must be right.
        """
        length = len(word)
        if length < SHORTEST or not word.isalpha() or not word.isascii():
            return None
        allowed = 1 if length <= 7 else 2
        best: tuple[float, str] | None = None
        for other in range(length - allowed, length + allowed + 1):
            found = process.extractOne(
                word, self._near.get((word[0], other), ()), scorer=OSA.distance, score_cutoff=allowed
            )
            if found is not None and (best is None or found[1] < best[0]):
                best = (found[1], found[0])
        return best[1] if best else None
