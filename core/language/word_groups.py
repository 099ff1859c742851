"""Read the sets of words that one construct of the grammar consults, each with the languages that have it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from .keys import key_of
from .tokens import stem
from .word_lists import listed, load_list

_LANGUAGES = ("english", "german", "chinese")
"""The languages that have words in such a set."""


@cache
def word_group(name: str, language: str = "") -> frozenset[str]:
    """Return the keys of a group of ``data/words``, of one language or of all that have it.

    Raises:
        KeyError: no language has a group of that name.
    """
    found = [
        _groups()[tongue][name] for tongue in _groups() if tongue == (language or tongue) and name in _groups()[tongue]
    ]
    if not found:
        raise KeyError(f"no group {name} in core/language/data/words" + (f"/{language}.yaml" if language else ""))
    return frozenset().union(*found)


@cache
def _groups() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Return language -> group -> the keys of its words."""
    return {
        language: {
            group: frozenset(map(key_of, listed(forms))) for group, forms in load_list(f"words/{language}").items()
        }
        for language in _LANGUAGES
    }


@cache
def states() -> Mapping[str, frozenset[str]]:
    """Return yes, no, some and edges -> the keys of words for the states of a column."""
    return {group: frozenset(map(key_of, listed(forms))) for group, forms in load_list("states").items()}


@cache
def around_numbers() -> Mapping[str, frozenset[str]]:
    """Return group -> the keys of words that stand around numbers."""
    return {group: frozenset(map(key_of, listed(forms))) for group, forms in load_list("around_numbers").items()}


@cache
def around_han() -> Mapping[str, frozenset[str]]:
    """Return group -> the keys of Chinese words that tell what a clause is: one of the past, or one with a predicate."""
    return {group: frozenset(map(key_of, listed(forms))) for group, forms in load_list("around_han").items()}


@cache
def aged() -> Mapping[int, frozenset[str]]:
    """Return the age in months -> the keys of words for children of about that age."""
    groups = around_numbers().items()
    return {int(name.removeprefix("aged_")): words for name, words in groups if name.startswith("aged_")}


@cache
def frames() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return what words around a value do with it -> the keys of those before and after it."""
    return {
        role: tuple((key_of(before), key_of(after)) for before, after in (f.split("...") for f in listed(forms)))
        for role, forms in load_list("frames").items()
    }


@cache
def frame_openers() -> frozenset[str]:
    """Return the last words before the value of every frame."""
    return frozenset(before.split(" ")[-1] for pairs in frames().values() for before, _ in pairs)


@cache
def clause_words(language: str = "") -> Mapping[str, frozenset[str]]:
    """Return which part they play in a clause -> the keys of words of one language, or of all, by which a verdict is told."""
    found: dict[str, frozenset[str]] = {}
    for spoken, groups in load_list("clauses").items():
        for part, forms in groups.items():
            own = map(key_of, listed(forms)) if language in ("", spoken) else ()
            found[part] = found.get(part, frozenset()).union(own)
    return found


@cache
def doubtful_words() -> frozenset[str]:
    """Return words that speak against what stands before them, where no rule knows in which way."""
    return word_group("doubtful_words")


@cache
def bound_characters() -> frozenset[str]:
    """Return Chinese characters that are often half of a word: beside one that nothing knows they belong to it."""
    return word_group("bound_characters")


@cache
def counting_characters() -> frozenset[str]:
    """Return Chinese characters that stand between a number and what it counts."""
    return word_group("counting_characters")


@cache
def irregular_verbs() -> frozenset[str]:
    """Return the past forms of English verbs that do not end in "ed"."""
    return word_group("irregular_verbs")


@cache
def wishing_verbs() -> frozenset[str]:
    """Return the stems of verbs that say what somebody wishes or does: of another verb before a value nobody knows the sign."""
    return frozenset(map(stem, word_group("wishing_verbs")))
