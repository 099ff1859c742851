"""Tell what else the values of one field may be called, by the lexicon: in their own language and in the others.

A word has several senses; which one a value has is told by the company it keeps: of "beach, mountains, city, lake" each is a place. A
wording is kept where the value's sense is among the usual ones of the wording, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...text.chinese import is_han
from ..keys import key_of
from ..measure_words import units
from ..small_words import common_words
from ..tokens import german_stem
from .lexicon import LANGUAGES, Sense, sense, senses_of

MOST_SENSES, LEVELS = 6, 4
"""Senses of a word that are weighed, the most usual first, and broader senses that tell what company one keeps."""
NEARLY = 0.6
"""Share of the best sense's weight from which another one of its kind is meant, too."""
USUAL = {"en": 2, "de": 3, "zh": 4}
"""The sense must be among so many of a wording's most usual ones; in the value's own language it must be the first."""
TOO_OPEN = {"en": 8, "de": 5, "zh": 6}
"""Words with more senses say too little."""
_NO_THING = frozenset((29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 2))
"""Kinds of senses that are no things and no qualities: verbs and adverbs."""
_MADE, _QUALITIES = 6, frozenset((0, 1, 44))
"""The kind of things that were made, and those of qualities."""


class Wording(NamedTuple):
    """What a value may be called in a language, with the sense that they share.

    ``tongue`` is the language where the form is a word of another one as well: German "Rock" is a skirt. ``place`` is that of the sense among
    those of the form, the most usual first.
    """

    form: str
    language: str
    sense: str
    tongue: str = ""
    place: int = 0


def language_of_phrase(phrase: str, *, german: bool) -> str:
    """Return the language that a value is in, as far as its letters and its catalogue tell."""
    if any(is_han(c) for c in phrase):
        return "zh"
    return "de" if german and (lemma_of(phrase, "de") or not lemma_of(phrase, "en")) else "en"


def lemma_of(phrase: str, language: str) -> str:
    """Return the key under which the lexicon has a phrase or its singular, or nothing."""
    key = key_of(phrase)
    return next((form for form in _singulars(key, language) if senses_of(form, language)), "")


def _singulars(key: str, language: str) -> Iterator[str]:
    yield key
    if language == "en" and key.endswith("s") and not key.endswith("ss") and len(key) > 3:
        yield key[:-1]
        if key.endswith("es"):
            yield key[:-2]
        if key.endswith("ies"):
            yield f"{key[:-3]}y"
    if language == "de" and " " not in key:
        for ending in ("e", "n", "en", "er", "s", "es", "em"):
            if key.endswith(ending) and len(key) - len(ending) > 2:
                yield key[: -len(ending)]
        yield german_stem(key)


def meant_by(phrases: Sequence[str], *, german: bool) -> dict[str, list[Sense]]:
    """Return phrase -> what it means beside the others, of the values of one field."""
    spoken = {p: language_of_phrase(p, german=german) for p in phrases}
    return senses_in_company({p: lemma_of(p, spoken[p]) for p in phrases}, spoken)


def wordings_of(phrases: Sequence[str], *, german: bool) -> dict[str, list[Wording]]:
    """Return phrase -> what else it may be called, of the values of one field."""
    meant = meant_by(phrases, german=german)
    return {p: list(said_of(p, language_of_phrase(p, german=german), senses)) for p, senses in meant.items()}


def senses_in_company(lemmas: Mapping[str, str], spoken: Mapping[str, str]) -> dict[str, list[Sense]]:
    """Return phrase -> the senses it has beside the others: the best one, and those of its kind that are nearly as good."""
    own = {p: [sense(s) for s in things(key, spoken[p])[:MOST_SENSES]] for p, key in lemmas.items() if key}
    company = Counter(f for found in own.values() for f in {f for s in found for f in _company(s)})
    meant: dict[str, list[Sense]] = {}
    for phrase, found in own.items():
        weights = [_weight(s, n, company, len(own)) for n, s in enumerate(found)]
        best = max(weights, default=0.0)
        kind = next((s.kind for s, w in zip(found, weights, strict=True) if w == best), None)
        meant[phrase] = [s for s, w in zip(found, weights, strict=True) if w >= NEARLY * best and s.kind == kind]
    return meant


def _company(one: Sense) -> Iterator[str]:
    yield f"kind {one.kind}"
    for above in broader(one, LEVELS):
        yield above.name


def broader(one: Sense, levels: int) -> Iterator[Sense]:
    """Yield a sense and the broader ones above it, at most so many."""
    for _ in range(levels):
        yield one
        if not one.broader:
            return
        one = sense(one.broader)


def _weight(one: Sense, place: int, company: Counter[str], phrases: int) -> float:
    """Weigh a sense by how usual it is and by how many of the other phrases share what it is."""
    others = max(1, phrases - 1)
    shared = [(company[f] - 1) / others for f in _company(one)]
    return 0.5 / (1 + place) + sum(shared) / (LEVELS + 1) * 2


def said_of(phrase: str, spoken: str, senses: Sequence[Sense]) -> Iterator[Wording]:
    """Yield what else a phrase may be called, for each of its senses."""
    own = key_of(phrase)
    for one in senses:
        for language in LANGUAGES:
            for form in one.in_language(language):
                key = key_of(form)
                if key == own or key in units() or (language == "zh" and len(form) < 2):
                    continue
                known = things(key, language)
                usual = known[: 1 if language == spoken else USUAL[language]]
                if one.name in usual and len(known) <= TOO_OPEN[language]:
                    yield Wording(form, language, one.name, _tongue(key, language, one.name), usual.index(one.name))


def things(key: str, language: str) -> list[str]:
    """Return the senses of a word that are things or qualities."""
    return [name for name in senses_of(key, language) if sense(name).kind not in _NO_THING]


def is_thing(word: str) -> bool:
    """Tell whether an English word is first of all a thing that was made, and no quality: a tent, not "electric" or "tents"."""
    kinds = [sense(name).kind for name in things(key_of(word), "en")] if not word.endswith("s") else []
    return bool(kinds) and kinds[0] == _MADE and not _QUALITIES.intersection(kinds)


def _tongue(key: str, language: str, meant: str) -> str:
    """Return the language of a form that is a word with another meaning in another language, else nothing."""
    for other in LANGUAGES[:2]:
        if other != language and meant not in (found := senses_of(key, other)) and (found or _is_english(key, other)):
            return language
    return ""


def _is_english(key: str, language: str) -> bool:
    return language == "en" and key in common_words()
