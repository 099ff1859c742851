"""Tell the finite forms of English verbs: "clogs", "burned", "threw"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ..word_groups import irregular_verbs
from .lexicon import sense, senses_of

_KINDS = range(29, 44)
"""WordNet's lexicographer files of verbs."""
USUAL = 2
"""One of so many senses, the most usual first, is a verb's: "clogs", but not "boots"."""


@cache
def is_verb(word: str, *, plain: bool = False) -> bool:
    """Tell whether a folded English word is as a rule the present or past of a verb; in its ``plain`` form, whether it may be one at all."""
    if word in irregular_verbs():
        return True
    past = word.endswith("ed") or plain
    for base in (*_bases(word), *((word,) if plain else ())):
        known = [sense(name).kind in _KINDS for name in senses_of(base, "en")]
        if any(known if past else known[:USUAL]):
            return True
    return False


def is_past(word: str) -> bool:
    """Tell whether a word is nothing but the past of an irregular verb: "gave", but not "lost" or "cut"."""
    return word in irregular_verbs() and not senses_of(word, "en")


def _bases(word: str) -> Iterator[str]:
    """Yield what a form may be one of: the "carry" of "carries", the "stop" of "stopped"."""
    if word.endswith("ed") and len(word) > 4:
        yield word[:-2]
        yield word[:-1]
        if word[-3] == word[-4]:
            yield word[:-3]
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        yield word[:-1]
        yield word[:-2]
    if word.endswith(("ies", "ied")):
        yield f"{word[:-3]}y"
