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
    """Return key -> the roles that a phrase may play in a sentence.

    A Chinese phrase that begins with "not" plays the same ones behind 也, "nor": 也不能有 refuses as 不能有 does.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for role, key in _entries():
        found[key].add(role)
    denying = {key: roles for key, roles in found.items() if key.startswith(_NOT) and len(key) > 1}
    nor = {f"也{key}": roles for key, roles in denying.items() if f"也{key}" not in found}
    return {key: frozenset(roles) for key, roles in (found | nor).items() if key}


def _entries() -> Iterator[tuple[str, str]]:
    """Yield every role with the key of every phrase that plays it."""
    for language in LANGUAGES:
        for role, forms in load_list(f"phrases/{language}").items():
            for form in written_out(forms):
                yield role, key_of(form)


@cache
def phrase_words() -> frozenset[str]:
    """Return every single word of the phrases."""
    return frozenset(word for key in phrases() for word in key.split(" "))


@cache
def slips() -> Mapping[str, str]:
    """Return the key of a misspelling -> that of the word of phrases which is meant."""
    return {key_of(slip): key_of(word) for word, forms in load_list("slips").items() for slip in listed(forms)}
