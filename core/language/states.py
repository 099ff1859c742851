"""Tell which columns say whether something is there ("pets: allowed, not allowed, on request"), and how people ask for it.

Such a column is named by what it is about: "no pets", "breakfast included", 可以养狗. Nothing in it is a value by itself: of "free
parking" the words are "free" and "parking", not "free".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..text.field_names import words_of
from .keys import joined, key_of
from .lexicon.wordings import lemma_of
from .phrases import phrases
from .tokens import stem, words_of_form
from .word_groups import states

MOST_VALUES = 12
COPULAS = ("", "is", "are", "should be", "must be", "ist", "sind")
NOT_ABOUT = frozenset(
    [
        "colour",
        "gender",
        "brand",
        "model",
        "category",
        "style",
        "material",
        "size",
        "season",
        "language",
        "country",
        "platform",
        "price",
    ]
)
"""Concepts whose names ask for a value, never for something to be there."""


class States(NamedTuple):
    """The values of a column that say that a thing is there, at once or in part, that it may be, and that it is not."""

    there: tuple[str, ...]
    maybe: tuple[str, ...]
    absent: tuple[str, ...]
    only: bool

    def sure(self) -> tuple[str, ...]:
        """Return the values that serve who asks for the thing: those that say yes, for a fee or not, else all that say more."""
        known = states()["yes"] | states()["some"]
        return tuple(v for v in self.there if key_of(v) in known) or self.there

    def of(self, word: str) -> tuple[str, ...]:
        """Return the values that a word of state means: itself, else all that say the same."""
        own = tuple(v for v in (*self.there, *self.maybe, *self.absent) if key_of(v) == key_of(word))
        if own:
            return own
        if word in states()["yes"]:
            return tuple(v for v in self.there if key_of(v) in states()["yes"])
        return self.absent if word in states()["no"] else ()


def states_of(values: Sequence[str], name: str = "") -> States | None:
    """Return the states in a column of this name, or None where its values say more than one thing or nothing is ever absent."""
    if not 1 <= len(values) <= MOST_VALUES:
        return None
    absent = tuple(v for v in values if key_of(v) in states()["no"] or _denies(v, name))
    maybe = tuple(v for v in values if key_of(v) in states()["maybe"])
    there = tuple(v for v in values if v not in absent + maybe)
    only = all(key_of(v) in states()["yes"] | states()["some"] for v in there)
    if not there or not (absent or only):
        return None
    return States(there, maybe, absent, only)


def _denies(value: str, name: str) -> bool:
    """Tell whether a value says that what the column is called is not so: "does not fold" of ``fold``, "kein Garten" of ``garten``."""
    words = list(words_of_form(value))
    lead = next((n for n in (2, 1) if "not" in phrases().get(" ".join(words[:n]), ())), 0)
    about = {stem(w) for word in words_of(name) for w in words_of_form(word)} - states()["edges"]
    return 0 < lead < len(words) and all(stem(w) in about for w in words[lead:])


def topics_of(name: str, concept: str, concept_names: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what a column is about by its name: ``pets_allowed`` about "pets", ``flower_colour`` about "flower"."""
    words = list(words_of(name))
    han = not name.isascii() and any(ord(c) > 0x2E7F for c in name)
    found = [joined(words)]
    if han:
        text = joined(words)
        found += [text.removeprefix(e) for e in states()["edges"] if not e.isascii() and len(text) > len(e) + 1]
    kept = _without_edges(words)
    found.append(joined(kept))
    if len(kept) > 1 and concept in NOT_ABOUT and kept[-1] in set(concept_names):
        found.append(joined(kept[:-1]))
    about = [f for f in dict.fromkeys(found) if f]
    return tuple(f for f in about if concept not in NOT_ABOUT or key_of(f) not in {key_of(n) for n in concept_names})


def _without_edges(words: Sequence[str]) -> list[str]:
    kept = list(words)
    while len(kept) > 1 and kept[0] in states()["edges"]:
        kept = kept[1:]
    while len(kept) > 1 and kept[-1] in states()["yes"] | states()["no"] | states()["tails"]:
        if kept[-1] in states()["lacking"] and kept[-2] not in states()["charged"]:
            break  # "gluten_free" is about no gluten, "parking_free" about parking
        kept = kept[:-1]
    return kept


def lacking(name: str) -> str:
    """Return what a column says to be absent by its name: the deposit of ``no_deposit``, the Duft of ``ohne_duft``, 烟 of 无烟; else nothing."""
    words, leads = _without_edges(list(words_of(name))), states()["lacking"]
    led = words[0] in leads and (words[0] != "free" or words[1:2] in (["of"], ["from"]))  # "free_parking" lacks none
    if len(words) > 1 and (led or words[-1] in leads):
        return joined(words[1 + (words[0] == "free") :] if led else words[:-1])
    if len(words) > 1:
        return ""  # "wireless charging" is about no wire
    word = words[0]
    if not word.isascii():
        lead = next((e for e in leads if not e.isascii() and word.startswith(e) and len(word) > len(e)), "")
        return word.removeprefix(lead) if lead else ""
    ending = next((e for e in ("less", "free", "frei", "los") if word.endswith(e) and len(word) > len(e) + 2), "")
    own = word.removesuffix(ending) if ending else ""
    return own if any(lemma_of(own, language) for language in ("en", "de")) else ""


def lacked_by(value: str) -> str:
    """Tell what a value says to be absent, unless it is a word of its own, whose parts say nothing: "Timeless", 无花果."""
    one = len(words_of_form(value)) == 1 or not value.isascii()
    own = one and any(lemma_of(value, language) for language in ("en", "de", "zh"))
    return "" if own else lacking(value)


def is_unsuited(name: str) -> bool:
    """Tell whether a column of this name lists whom or what things are not for: ``not_for``, ``contraindications``, 不宜人群."""
    return key_of(" ".join(words_of(name))) in states()["unsuited"]


def said_of(topic: str) -> Iterator[tuple[str, str]]:
    """Yield (phrase, word of state) for every way to say a state of ``topic``: "pets are welcome", "free parking"."""
    for word in states()["yes"] | states()["no"] | states()["some"] | states()["maybe"]:
        if (len(word) < 2 and word.isascii()) or "not" in phrases().get(word, ()):
            continue  # what a bare "no" refuses, the grammar knows
        for copula in COPULAS if topic.isascii() or word.isascii() else ("",):
            if copula or "free" not in phrases().get(word, ()):  # "smoke free" is without
                yield f"{topic} {copula} {word}", word
        yield f"{word} {topic}", word
