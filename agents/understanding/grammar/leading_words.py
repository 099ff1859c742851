"""Settle which field a value is of by the word before it: what is "from" Sichuan, and no colour of what one is "for", "on" or "to cover"."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.keys import key_of
from ....core.language.value_entry import Entry
from ....core.text.field_names import words_of
from .segments import Segment

FROM = frozenset("from aus 来自 出自".split())  # noqa: SIM905
ORIGINS = frozenset(
    """
    origin origins made from home birthplace region herkunft herkunftsland heimat 产地 原产地 籍贯 出生地 老家
    """.split()  # noqa: SIM905
)
"""Words before a place that something comes from, and in the names of fields that say so."""
ONTO = frozenset("on onto for over auf fur 用于 适用于".split())  # noqa: SIM905
"""Words before what a thing is put on or made for, and no colour."""
ARTICLES = frozenset("a an the my our your der die das den dem ein eine einen".split())  # noqa: SIM905


def by_lead(segments: Sequence[Segment], i: int, entries: list[Entry], language: CatalogueLanguage) -> list[Entry]:
    """Return the meanings of the value at ``i`` that the words before it speak for, or all where they do not tell."""
    j = i - 1
    while j >= 0 and key_of(segments[j].text) in ARTICLES:
        j -= 1
    if len(entries) < 2 or j < 0:
        return entries
    lead = key_of(segments[j].text)
    kept: list[Entry] = []
    if lead in FROM:
        kept = [e for e in entries if _is_origin(e, language)]
    elif lead in ONTO or (j and key_of(segments[j - 1].text) == "to" and segments[j].is_word):
        kept = [e for e in entries if language.fields[e.field].concept != "colour"]
    return kept or entries


def _is_origin(entry: Entry, language: CatalogueLanguage) -> bool:
    """Tell whether a field says where things or people come from."""
    terms = language.fields[entry.field]
    return terms.concept == "country" or bool(ORIGINS & set(words_of(terms.field.name)))
