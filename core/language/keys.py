"""Make the keys under which phrases and values are found: their folded words, joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from .tokens import stem, words_of_form

_BETWEEN_HAN = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")


def joined(words: Sequence[str]) -> str:
    """Join words by blanks and Chinese characters by nothing."""
    text = " ".join(words)
    return text if text.isascii() else _BETWEEN_HAN.sub("", text)


@lru_cache(maxsize=16_384)
def key_of(form: str) -> str:
    """Return the key under which a phrase is found: its folded words."""
    return joined(words_of_form(form))


def value_key(form: str) -> str:
    """Return the key under which a value is found: its folded words in one, so that "T-shirt" and "tshirt" are the same."""
    return "".join(words_of_form(form))


def stem_key(form: str) -> str:
    """Return the key under which a value is found whatever its inflection: its stems in one."""
    return "".join(map(stem, words_of_form(form)))
