"""Cut a way to say something at its slots, once, and fill it in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ...core.schemas import Language

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
