"""Tell what the things of a catalogue are called, so that who says it asks for nothing: rug, Teppich and 地毯 where every title ends in "rug".

Told by the titles (a word that most of them share, or what most of their words are kinds of: cheddar and brie are cheese) and by the names of columns
(``cheese_type``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from ..text.chinese import is_han
from ..text.field_names import words_of
from .keys import key_of
from .lexicon.lexicon import LANGUAGES, Sense, sense
from .lexicon.wordings import USUAL, broader, lemma_of, things
from .measure_words import units
from .thing_words import thing_groups
from .tokens import german_stem, stem, words_of_form

MOST_TITLES = 400
"""Titles that are looked at, evenly spread over the catalogue."""
SHARE, KIND_SHARE, FEWEST = 0.5, 0.3, 5
"""Share of the titles that must have a word, that must have kinds of one thing, and titles below which nothing is told."""
NEARLY = 0.8
"""Share of the most usual kind's titles that another one must have: of instruments, stringed ones are only some."""
LEVELS, MOST_BELOW_TOP, SHORTEST = 5, 3, 4
"""Broader senses that are looked at, those at the top that say too little, and letters of a word that tells anything."""
KINDS = frozenset((5, 6, 13, 18, 20))
"""Lexicographer's files of WordNet in which things for sale stand: animals, artifacts, food, people, plants."""
_TYPES = frozenset("type kind typ art sorte sort breed 类型 种类 品种".split())  # noqa: SIM905


def things_called(titles: Sequence[str], names: Iterable[str]) -> frozenset[str]:
    """Return the keys, and their stems, of all words for what a catalogue with these titles and columns holds."""
    named = {key for name in names for key in (key_of(" ".join(words_of(name))), *words_of(name))}
    found = {form for name in names for form in _of_column(name)}
    found |= {form for said, by in thing_groups() if named & by for form in said}
    if len(titles) >= FEWEST:
        some = titles[:: max(1, len(titles) // MOST_TITLES)]
        found |= {*_shared(some), *_kinds(some)}
    return frozenset(key for form in found for key in _keys(form))


def _keys(form: str) -> tuple[str, ...]:
    key = key_of(form)
    return key, *({stem(key), german_stem(key)} if " " not in key else ())


def _of_column(name: str) -> Iterator[str]:
    """Yield what a column names besides its kind: the cheese of ``cheese_type``."""
    words = words_of(name)
    if len(words) == 2 and words[1] in _TYPES:
        yield from _said(words[0])


def _shared(titles: Sequence[str]) -> Iterator[str]:
    """Yield the nouns that most titles have, with what else they are called; of Chinese titles how most of them end."""
    words = Counter(word for title in titles for word in {stem(w) for w in words_of_form(title)})
    forms = {stem(w): w for title in titles for w in words_of_form(title)}
    endings = Counter(title[-n:] for title in titles for n in (1, 2) if title and is_han(title[-1]))
    for word, count in words.items():
        plain = forms[word]
        if count >= SHARE * len(titles) and len(plain) > 2 and plain.isalpha() and plain not in units():
            yield from _said(plain)
    for ending, count in endings.items():
        if count >= SHARE * len(titles):
            yield from (ending, *_said(ending))


def _said(word: str) -> Iterator[str]:
    """Yield a word with its synonyms and translations, where it is a word for a thing."""
    yield word
    for language in LANGUAGES:
        for one in _senses(word, language):
            yield from _words_for(one) if one.kind in KINDS else ()


def _kinds(titles: Sequence[str]) -> Iterator[str]:
    """Yield the words for what the words of most titles are kinds of."""
    counts: Counter[str] = Counter()
    for title in titles:
        counts.update({name for word in set(words_of_form(title)) for name in _above(word)})
    enough = max(KIND_SHARE * len(titles), NEARLY * max(counts.values(), default=0))
    for name in (n for n, count in counts.items() if count >= enough):
        yield from _words_for(sense(name))


@cache
def _above(word: str) -> tuple[str, ...]:
    """Return the broader senses of a word's first sense, without the most general ones; a compound is one of what it ends in."""
    if len(word) < SHORTEST or not word.isalpha():
        return ()
    tails = (word[n:] for n in range(3, len(word) - SHORTEST + 1))
    known = next((s for language in ("en", "de") for s in _senses(word, language)[:1]), None)
    ended = next((s for tail in tails for s in _senses(tail, "de")[:1]), None) if known is None else None
    first = known or ended
    if first is None or first.kind not in KINDS:
        return ()
    chain = [one.name for one in broader(first, LEVELS + MOST_BELOW_TOP)]
    return tuple(chain[known is not None : max(1, len(chain) - MOST_BELOW_TOP)])


def _senses(word: str, language: str) -> list[Sense]:
    return [sense(name) for name in things(lemma_of(word, language), language)[:2]]


def _words_for(one: Sense) -> Iterator[str]:
    for language in LANGUAGES:
        for form in one.in_language(language):
            if one.name in things(key_of(form), language)[: USUAL[language]] and not (
                language == "zh" and len(form) < 1
            ):
                yield form
