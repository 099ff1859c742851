"""Read the phrases that play a part in a sentence, each with its roles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from .keys import key_of
from .word_lists import listed, load_list, written_out


@cache
def phrases() -> Mapping[str, frozenset[str]]:
    """Return key -> the roles that a phrase may play in a sentence.

    A Chinese phrase that begins with "not" plays the same ones behind 也, "nor": 也不能有 refuses as 不能有 does.
    """
    entries = {
        role: [written for form in listed(forms) for written in written_out(form)]
        for role, forms in load_list("phrases").items()
    }
    known = {key_of(form) for forms in entries.values() for form in forms}
    found: dict[str, set[str]] = {}
    for role, forms in entries.items():
        for form in forms:
            found.setdefault(key_of(form), set()).add(role)
            if form[:1] in tuple("不没别") and len(form) > 1 and key_of(f"也{form}") not in known:
                found.setdefault(key_of(f"也{form}"), set()).add(role)
    return {key: frozenset(roles) for key, roles in found.items() if key}


@cache
def phrase_words() -> frozenset[str]:
    """Return every single word of the phrases."""
    return frozenset(word for key in phrases() for word in key.split(" "))
