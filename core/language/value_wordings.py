"""Let the lexicon's words stand for a catalogue's values, beside what the catalogue and the word lists call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .lexicon.wordings import Wording, wordings_of
from .value_index import MAX_PARTS, Entry, FieldTerms, ValueIndex
from .value_words import are_sentences


def add_wordings(index: ValueIndex, terms: Sequence[FieldTerms]) -> None:
    """Add what the values of every field may be called; a form that two fields' values share means both."""
    fresh: list[tuple[str, Entry]] = []
    for term in terms:
        sayings = index.sayings.get(term.field.name, {})
        if not sayings or len(term.values) > MAX_PARTS or are_sentences(term.values):
            continue
        fresh += _meant(sayings, wordings_of(tuple(sayings), german=index.german))
    known = {form for form, _ in fresh if index.says(form)}
    for form, entry in fresh:
        if form not in known:
            index.add_wording(form, entry)


def _meant(sayings: Mapping[str, Entry], wordings: Mapping[str, Sequence[Wording]]) -> list[tuple[str, Entry]]:
    return [
        (wording.form, sayings[phrase]._replace(tongue=wording.tongue))
        for phrase, found in wordings.items()
        for wording in found
    ]
