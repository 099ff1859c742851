"""Tell which words of a catalogue's values may stand for them: parts, endings, base forms; written sentences have none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from zoneinfo import available_timezones

from .keys import key_of, stem_key
from .lexicon.lexicon import sense
from .lexicon.wordings import lemma_of, things
from .phrases import phrases
from .small_words import common_words
from .thing_words import thing_words
from .tokens import are_forms, stem, words_of_form
from .value_concepts import ValueConcept, forms_in, people, value_concepts

SHORTEST_PART, SHORTEST_LINKED = 4, 5
"""Letters of a noun in a compound, and of one that something links to the next."""
LINKS = ("s", "n", "en")
"""What may stand between the nouns of a compound."""
_NOUNS = range(3, 29)
"""Lexicographer's files of WordNet that hold nouns."""
MOST_WORDS = 5
"""Values of more words, by their median, are sentences."""

_DENYING = frozenset("不 无 非 没 免 non un sans".split())  # noqa: SIM905

_HAN_LEAD = re.compile(r"^[\u3400-\u9fff]+")
_KINDS = frozenset((6, 14, 15, 17))
"""Lexicographer's files of WordNet in which a name's generic part stands: artifacts, groups, places and natural objects."""


@cache
def is_kind_of_thing(word: str) -> bool:
    """Tell whether a word that several names share says what they are names of, such as the airport of "Taytay Airport"."""
    known = [sense(name) for language in ("en", "de") for name in things(lemma_of(word, language), language)[:1]]
    return any(one.kind in _KINDS for one in known)


def is_time_zone(value: str) -> bool:
    """Tell whether a value is the name of a time zone, whose parts are no values: a city is not "America/Mexico_City"."""
    return "/" in value and value in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def by_ending_of(values: Sequence[str]) -> dict[str, list[str]]:
    """Return ending -> the values of one word that have it, each of at least four letters after three others."""
    found: dict[str, list[str]] = defaultdict(list)
    for value in values:
        words = words_of_form(value)
        for cut in range(3, len(words[0]) - 3) if len(words) == 1 and words[0].isalpha() else ():
            found[words[0][cut:]].append(value)
    return found


def is_torn(ending: str, values: Sequence[str]) -> bool:
    """Tell whether an ending of compounds is a word with a piece of another before it: the "enjacke" of Regenjacke and Daunenjacke.

    The "schleifer" of Winkelschleifer is none, whose Winkel is a noun.
    """
    fronts = (words_of_form(v)[0].removesuffix(ending) for v in values)
    if all(any(map(_is_noun, _unlinked(front))) for front in fronts):
        return False
    shorter = (ending[cut:] for cut in range(1, len(ending) - SHORTEST_PART + 1))
    return not _names_thing(ending) and any(map(_names_thing, shorter))


def _names_thing(word: str) -> bool:
    return bool(things(lemma_of(word, "de"), "de"))


def by_beginning_of(values: Sequence[str]) -> dict[str, list[str]]:
    """Return noun -> the German compounds that begin with it and end in another noun: the Kapsel of Kapselmaschine."""
    found: dict[str, list[str]] = defaultdict(list)
    for value in values:
        words = words_of_form(value)
        whole = words[0] if len(words) == 1 and words[0].isalpha() else ""
        for cut in range(SHORTEST_PART, len(whole) - SHORTEST_PART):
            first = next((f for f in _unlinked(whole[:cut]) if _is_noun(f)), "")
            if first and _is_noun(whole[cut:]):
                found[first].append(value)
                break
    return found


def _unlinked(part: str) -> Iterator[str]:
    yield part
    yield from (rest for link in LINKS if len(rest := part.removesuffix(link)) >= SHORTEST_LINKED and rest != part)


def _is_noun(word: str) -> bool:
    """Tell whether a German word is a noun that says enough to stand for a value: no colour, no everyday word."""
    empty = (
        word in common_words()
        or word in phrases()
        or word in thing_words()
        or word in people()
        or word in forms_in("colours")
    )
    return (
        len(word) >= SHORTEST_PART
        and not empty
        and any(sense(n).kind in _NOUNS for n in things(lemma_of(word, "de"), "de")[:1])
    )


def parts_of(value: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a value of several English words that may stand for it, and whether each is its head.

    Its head are its last words, and what stands before a number: the Windows of "Windows 11".
    """
    words = words_of_form(value.partition("(")[0])
    length = len(words_of_form(value))
    if length < 2 or not all(w.isascii() for w in words):
        return
    for i in range(len(words)):
        for j in range(i + 1, len(words) + 1):
            part = words[i:j]
            empty = all(w.isdigit() or len(w) < 3 or w in phrases() for w in part)
            if (i, j) == (0, length) or empty or key_of(" ".join(part)) in phrases():
                continue
            if len(part) > 1 or part[0] not in thing_words():
                yield " ".join(part), j == len(words) or (i == 0 and all(w.isdigit() for w in words[j:]))


def short_names(value: str) -> Iterator[str]:
    """Yield what a name may be called in short: its last word or its first one, the 红米 of 红米 K60."""
    words = words_of_form(value)
    lead = next(iter(_HAN_LEAD.findall(value)), "")
    if len(lead) > 1 and lead != value:
        yield lead
    for word in dict.fromkeys((words[0], words[-1])) if len(words) > 1 else ():
        plain = len(word) >= 4 and word.isalpha() and word.isascii()
        if plain and word not in phrases() and not {word, stem(word)} & thing_words():
            yield word


def is_prose(values: Sequence[str]) -> bool:
    """Tell whether values are written out, so that none of their words is one: most end with a full stop."""
    return sum(v.rstrip().endswith((".", "!", "。", "！", "…")) for v in values) * 2 > len(values)


def are_sentences(values: Sequence[str]) -> bool:
    """Tell whether values are sentences rather than names of something, so that no part of one stands for it."""
    lengths = sorted(len(words_of_form(v)) for v in values)
    return bool(lengths) and lengths[len(lengths) // 2] > MOST_WORDS


def is_base(word: str) -> bool:
    """Tell whether a word's stem stands for it: a noun or its plural, not "fitness" whose stem is "fit"."""
    return len(word) - len(stem(word)) <= 2 and not word.endswith(("ing", "ed", "ly", "ful", "ness", "er", "less"))


def is_called(value: str, form: str) -> bool:
    """Tell whether a value is a form of a concept's word: "knitting" is no knit."""
    return are_forms(value, form) and (value == form or not value.endswith("ing") or form.endswith("ing"))


def is_denied(words: Sequence[str], tail: Sequence[str]) -> bool:
    """Tell whether a word before the last ones of a value denies them: nothing is hot in "not hot" and 不辣."""
    before = words[-len(tail) - 1 : -len(tail)] if tuple(words[-len(tail) :]) == tuple(tail) else ()
    return any(phrases().get(w, frozenset()) & {"not", "free"} or w in _DENYING for w in before)


def above(concept: str) -> list[str]:
    """Return the broader concepts of a concept of values, the nearest first."""
    found: list[str] = []
    while (row := value_concepts().get(concept)) and row.broader and row.broader not in found:
        concept = row.broader
        found.append(concept)
    return found


def below(concept: str) -> list[str]:
    """Return the narrower concepts of a concept of values, the nearest first."""
    found: list[str] = []
    waiting = list(_narrower().get(concept, ()))
    while waiting:
        child = waiting.pop(0)
        if child not in found:
            found.append(child)
            waiting += _narrower().get(child, ())
    return found


@cache
def _narrower() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for concept in value_concepts().values():
        if concept.broader:
            found[concept.broader].append(concept.name)
    return found


def stems_of(concept: ValueConcept) -> set[str]:
    """Return the stems of what a concept is called."""
    return {stem_key(f) for f in (concept.name, *concept.forms)}


def with_marks(index: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return first word or mark -> the values with marks that begin with it: "a+++", "indoor/outdoor", "€€"."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in (k for k in index if not (k.isascii() and k.isalnum())):
        words = words_of_form(key)
        if len(words) > 1 and not all(map(str.isalnum, words)) and not key[0].isdigit():
            found[words[0]].add(key)
    return {first: frozenset(keys) for first, keys in found.items()}
