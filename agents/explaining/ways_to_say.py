"""Ways to say something: cut at their slots, once, and filled in; and the phrases of a language, which are such ways."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

from ...core.schemas import Language
from ...core.text.words import listed

_LEADING = frozenset("made meant filed listed in on at by from for about heated written directed tagged".split())  # noqa: SIM905
"""Words after which a value stands, so that what is joined to it would seem to stand there too."""
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to say something, cut at its slots: (words before, slot, whether it starts a sentence), and the words after the last.

    ``start`` is how it begins, its slots masked; empty where what is said begins it.
    """

    parts: tuple[tuple[str, str, bool], ...]
    end: str
    start: str

    def filled(self, slots: Mapping[str, str]) -> str:
        """Return the sentence with its slots filled in."""
        text = ""
        for before, name, starts in self.parts:
            value = slots[name]
            text += before + (value[:1].upper() + value[1:] if starts else value)
        return text + self.end


@lru_cache(maxsize=4096)
def way_of(text: str, language: Language) -> Way:
    """Return a way to say something as the files of wording write it."""
    parts, last = list[tuple[str, str, bool]](), 0
    for match in _SLOT.finditer(text):
        parts.append((text[last : match.start()], match[1].lower(), match[1][0].isupper()))
        last = match.end()
    start = start_of(_SLOT.sub(lambda m: m[0] if m[1] == "says" else "_", text), language)
    return Way(tuple(parts), text[last:], "" if "{" in start else start)


def start_of(text: str, language: Language) -> str:
    """Return how a sentence begins: two words, or three characters of Chinese."""
    return text[:3] if language == "zh" else " ".join(text.lower().split(maxsplit=2)[:2])


def without_repeat(one: str, other: str) -> list[str]:
    """Return two things said of an item, the second without the words that it begins with as the first does.

    What stands alone comes first: "is red and made of cotton", not "is made of cotton and red".
    """
    first, second = one.split(), other.split()
    same = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
    if same == 1 and first[1] in _LEADING and second[1] not in _LEADING:
        return without_repeat(other, one)
    return [one, " ".join(second[max(same - 1, min(same, 1)) :])]


@dataclass(frozen=True, eq=False)
class Phrases:
    """The phrases of one language, as its file has them."""

    language: Language
    table: Mapping[str, Any]

    def sentence(self, kind: str, slots: Mapping[str, str], taken: Counter[str], turn: int, before: str = "") -> str:
        """Return one sentence of a kind, worded as no other in ``taken`` begins and as ``before`` is not, if possible.

        How it begins is added to ``taken``; ``turn`` says which way is tried first.
        """
        ways, before = self._sentences[kind], before.lower()
        best, least, start = ways[0], (1 << 30, True), ""
        for i in range(len(ways)):
            way = ways[(turn + i) % len(ways)]
            begins = way.start or start_of(way.filled(slots), self.language)
            rank = (taken[begins], begins in before)
            if rank < least:
                best, least, start = way, rank, begins
            if rank == (0, False):
                break
        taken[start] += 1
        return best.filled(slots)

    def opening(self, name: str, **slots: str) -> str:
        """Return a piece of the opening line."""
        return way_of(self.table["opening"][name], self.language).filled(slots)

    def breach(self, name: str, **slots: str) -> str:
        """Return a piece of what is said of an item that comes close."""
        return way_of(self.table["breaches"][name], self.language).filled(slots)

    def quote(self, words: str) -> str:
        """Return words of a request or a record as they are quoted."""
        return self._filled(self.table["quote"], {"words": words})

    def question(self, name: str, **slots: str) -> str:
        """Return a piece of a question that narrows the list down."""
        return way_of(self.table["questions"][name], self.language).filled(slots)

    def answer(self, name: str, **slots: str) -> str:
        """Return a piece of an answer to a question about items shown."""
        return way_of(self.table["answers"][name], self.language).filled(slots)

    def counted(self, name: str, n: int) -> str:
        """Return a piece of an answer that counts, in the form for one or for several."""
        return self.answer(f"{name}_one" if n == 1 else name, n=str(n))

    def joined(self, parts: Sequence[str], joint: Literal["and", "or"] = "and") -> str:
        """Join words: "a, b and c"; in Chinese "a、b"."""
        if self.language == "zh":
            return "、".join(parts) if joint == "and" or len(parts) > 2 else self.table[joint].join(parts)
        return listed(parts, self.table[joint])

    def facts(self, says: Sequence[str]) -> str:
        """Join what is said of an item, field by field; in Chinese by commas, as values are joined by 、."""
        return "，".join(says) if self.language == "zh" else self.joined(says)

    def count(self, n: int) -> str:
        """Write a count of items: "five", "12"."""
        return str(self.table["counts"][n]) if n <= 10 else str(n)

    def both(self, says: Sequence[str]) -> str:
        """Join what is said of an item; words that come again are left out: "has 185 horsepower and 4 doors"."""
        joint = str(self.table["join"])
        says = without_repeat(*says) if self.language != "zh" and len(says) == 2 else says
        return (f",{joint}" if joint in says[0] else joint).join(says)

    @cached_property
    def _sentences(self) -> Mapping[str, tuple[Way, ...]]:
        kinds = self.table["sentences"].items()
        return {kind: tuple(way_of(text, self.language) for text in ways) for kind, ways in kinds}

    def _filled(self, way: str, slots: Mapping[str, str]) -> str:
        return way_of(way, self.language).filled(slots)
