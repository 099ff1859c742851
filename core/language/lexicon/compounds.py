"""Say values of two parts in another language, part by part: "bath toy" is Badespielzeug, 白茶 is white tea, Burgruine a castle ruin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from ..keys import key_of
from .lexicon import Sense, sense
from .wordings import lemma_of, things

LINKS = ("", "s", "n", "e", "en", "er")
"""What may stand between the parts of a German compound."""
MOST_WORDS, MOST_SENSES = 3, 2
"""Words of each sense, and senses of each part, that are tried."""
SHORTEST = 3


def compound_wordings(phrase: str, spoken: str) -> list[tuple[str, str]]:
    """Return (form, language) for what a phrase of two known parts may be called in the other languages."""
    for first, last in parts_of(phrase, spoken):
        made = [
            (form, language)
            for language in ("en", "de", "zh")
            if language != spoken
            for a, b in product(_words(first, spoken, language), _words(last, spoken, language))
            for form in _joined(a, b, language)
        ]
        if made:
            return list(dict.fromkeys(made))
    return []


def parts_of(phrase: str, spoken: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to cut a phrase into two parts that the lexicon has, the longest last part first."""
    key = key_of(phrase)
    if spoken == "en":
        words = key.split(" ")
        cuts = [(words[0], words[1])] if len(words) == 2 else []
    elif spoken == "zh":
        cuts = [(key[:n], key[n:]) for n in range(1, len(key))] if len(key) <= 5 else []
    else:
        whole = key if " " not in key else ""
        cuts = [
            (whole[:n].removesuffix(link) + lost, whole[n:])
            for n in range(SHORTEST, len(whole) - SHORTEST + 1)
            for link in LINKS
            for lost in ("", "e")  # the e of Kirche in Kirchturm
            if whole[:n].endswith(link)
        ]
    for first, last in cuts:
        if lemma_of(first, spoken) and lemma_of(last, spoken):
            yield first, last


def _words(part: str, spoken: str, language: str) -> list[str]:
    senses: Sequence[Sense] = [sense(name) for name in things(lemma_of(part, spoken), spoken)[:MOST_SENSES]]
    return list(dict.fromkeys(word for one in senses for word in one.in_language(language)[:MOST_WORDS]))


def _joined(first: str, last: str, language: str) -> Iterator[str]:
    if language == "zh":
        yield first + last
    elif language == "en":
        yield f"{first} {last}"
    else:
        yield from (f"{first}{link}{last.lower()}" for link in LINKS)
