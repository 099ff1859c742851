"""Read the phrases that play a part in a sentence, each with its roles, and how their words are misspelt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

from .keys import key_of
from .word_lists import listed, load_list, written_out

LANGUAGES = ("english", "german", "chinese", "french", "spanish", "signs")
"""The files of ``data/phrases``; signs are of any language."""
_NOT = ("不", "没", "别")


@cache
def phrases() -> Mapping[str, frozenset[str]]:
    """Return key -> the roles that a phrase may play in a sentence of any language."""
    found: dict[str, frozenset[str]] = {}
    for roles in phrases_by_language().values():
        found |= {key: found.get(key, frozenset()) | roles[key] for key in roles}
    return found


@cache
def phrases_by_language() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Return language -> key -> the roles that a phrase may play in a sentence.

    A Chinese phrase that begins with "not" plays the same ones behind 也, "nor": 也不能有 refuses as 不能有 does.
    """
    found = {language: _read(language) for language in LANGUAGES}
    chinese = found["chinese"]
    nor = {f"也{key}": roles for key, roles in chinese.items() if key.startswith(_NOT) and len(key) > 1}
    return {**found, "chinese": nor | chinese}


def _read(language: str) -> dict[str, frozenset[str]]:
    """Return key -> roles of the phrases of one language."""
    found: dict[str, set[str]] = defaultdict(set)
    for role, form in _written(language):
        found[key_of(form)].add(role)
    return {key: frozenset(roles) for key, roles in found.items() if key}


def _written(language: str) -> Iterator[tuple[str, str]]:
    """Yield the phrases of a language as they are written, each with its role."""
    for role, forms in load_list(f"phrases/{language}").items():
        for form in written_out(forms):
            yield role, form


@cache
def phrase_words() -> frozenset[str]:
    """Return every single word of the phrases."""
    return frozenset(word for key in phrases() for word in key.split(" "))


@cache
def slips() -> Mapping[str, str]:
    """Return the key of a misspelling -> that of the word of phrases which is meant."""
    return {key_of(slip): key_of(word) for word, forms in load_list("slips").items() for slip in listed(forms)}


@cache
def accented_words(language: str) -> frozenset[str]:
    """Return the keys of the single words among the phrases of a language that are written with accents."""
    return frozenset(key_of(form) for _, form in _written(language) if " " not in form and not form.isascii())
