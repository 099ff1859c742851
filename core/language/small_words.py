"""Read the small words by which a language is told, and the common words that are spelt right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from .keys import key_of
from .word_lists import listed, load_list


@cache
def tongues() -> Mapping[str, frozenset[str]]:
    """Return language -> the keys of the small words by which it is told."""
    return {language: frozenset(map(key_of, listed(forms))) for language, forms in load_list("tongues").items()}


def german_lean(words: Iterable[str]) -> int:
    """Return how many more of the words, as keys, are small ones of German than of English."""
    said, known = frozenset(words), tongues()
    return len(said & known["de"]) - len(said & known["en"])


@cache
def small_words() -> Mapping[str, frozenset[str]]:
    """Return language -> the small words by which any text's language is told; none of another language is an English one."""
    own_words = {language: frozenset(listed(forms)) for language, forms in load_list("small_words").items()}
    return {language: own if language == "en" else own - own_words["en"] for language, own in own_words.items()}


@cache
def common_words() -> frozenset[str]:
    """Return words that are spelled right, so that none is taken for a slip of a catalogue's value."""
    text = (files(__package__) / "data" / "common_words.txt").read_text(encoding="utf-8")
    return frozenset(text.split())
