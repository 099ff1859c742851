"""Tell what a compiled language knows: each field and value with what they are called, and where each word comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from .catalogue_language import CatalogueLanguage
from .keys import key_of, stem_key, value_key
from .lexicon.compounds import compound_wordings
from .lexicon.wordings import language_of_phrase, wordings_of
from .own_words import OwnWords
from .value_concepts import value_concepts
from .value_entry import FieldTerms


class Word(NamedTuple):
    """What something is called, and the source of it: ``own`` (the shop's), ``list`` (the word lists) or ``lexicon``."""

    word: str
    source: str


class ValueTerms(NamedTuple):
    """A value, how many items have it, and what it is called."""

    value: str
    items: int
    words: tuple[Word, ...]


class FieldVocabulary(NamedTuple):
    """A field with what it is called, and its values."""

    field: str
    concept: str
    measure: str
    words: tuple[Word, ...]
    values: tuple[ValueTerms, ...]


def vocabulary_of(language: CatalogueLanguage, own: OwnWords, most: int) -> Iterator[FieldVocabulary]:
    """Yield the fields of a language; of each the ``most`` usual values."""
    called: dict[str, list[str]] = defaultdict(list)
    for key, fields in language.names.items():
        for name in fields:
            called[name].append(key)
    for name, terms in language.fields.items():
        mine = own.of(name)
        keys = set(map(key_of, mine))
        words = [*(Word(w, "own") for w in mine), *(Word(k, "list") for k in called[name] if k not in keys)]
        yield FieldVocabulary(
            name, terms.concept, terms.measure, tuple(words), tuple(_values(language, terms, own, most))
        )


def _values(language: CatalogueLanguage, terms: FieldTerms, own: OwnWords, most: int) -> Iterator[ValueTerms]:
    name = terms.field.name
    if terms.field.type not in ("text", "list"):
        return
    counts = language.counts.get(name, {})
    values = sorted(terms.values, key=lambda v: (-counts.get(v, 0), v))[:most]
    others = {} if terms.is_name else wordings_of(tuple(values), german=language.is_german)
    for value in values:
        found = [Word(w, "own") for w in own.of(name, value)]
        found += [Word(form, "list") for form in _listed(value)]
        found += [Word(w.form, "lexicon") for w in others.get(value, ())]
        if not others.get(value) and not terms.is_name:
            spoken = language_of_phrase(value, german=language.is_german)
            found += [Word(form, "lexicon") for form, _ in compound_wordings(value, spoken)]
        kept = {w.word.casefold(): w for w in reversed(found) if _means(language, w.word, name, value)}
        yield ValueTerms(value, counts.get(value, 0), tuple(reversed(kept.values())))


def _listed(value: str) -> list[str]:
    key = stem_key(value)
    return [
        form
        for concept in value_concepts().values()
        if key in {stem_key(f) for f in (concept.name, *concept.forms)}
        for form in concept.forms
    ]


def _means(language: CatalogueLanguage, word: str, field: str, value: str) -> bool:
    """Tell whether a word that is not the value itself means it here."""
    if value_key(word) == value_key(value):
        return False
    return any(e.field == field and value in e.wanted for e in language.values.get(value_key(word), ()))
