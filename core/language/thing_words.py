"""Read the nouns for what shops sell."""

from __future__ import annotations

from functools import cache

from ..text.chinese import is_han
from .keys import key_of, stem_key
from .word_lists import listed, load_list


@cache
def thing_words() -> frozenset[str]:
    """Return nouns for whatever a shop sells; as the last word of some values they mean no value: the game of "Card Game"."""
    return generic_things().union(*(said for said, _ in thing_groups()))


@cache
def generic_things() -> frozenset[str]:
    """Return those of them that any shop may sell."""
    return _with_stems(load_list("things")["generic"])


@cache
def thing_groups() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """Return those of them that some shops sell, each group with the keys of what such shops' fields are called."""
    return tuple(
        (_with_stems(row["said"]), frozenset(map(key_of, listed(row["by"])))) for row in load_list("things")["groups"]
    )


@cache
def han_things() -> tuple[str, ...]:
    """Return the Chinese ones of ``thing_words``."""
    return tuple(w for w in thing_words() if not w.isascii() and is_han(w[0]))


def _with_stems(forms: object) -> frozenset[str]:
    return frozenset(word for form in listed(forms) for word in (key_of(form), stem_key(form)))
