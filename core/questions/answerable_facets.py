"""Find what one could ask about: the attributes of items, or phrases of their titles where a catalogue has no attributes.

A facet is one question's worth of values and says which items have which. Everything is generic: no word list of any trade.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..ranking.stated_preferences import WORDS_FIELD
from ..schemas import AttributeValue, CatalogueField, CatalogueSchema, Item, Preference
from ..text.field_names import label_of

MAX_VALUES = 500
BUCKETS = 3
MIN_ITEMS = 3
MIN_SHARE = 0.001
MAX_PHRASE_WORDS = 4
MAX_OVERLAP = 0.3
_SEPARATOR = re.compile(r"\s+[-–—|]\s+|\s*[()\[\]]\s*")
_LEAD = re.compile(r"\s*:\s+|\s+[-–—|]\s+|\s*[()\[\]]\s*")
_FUNCTION_WORDS = frozenset(
    ["with", "from", "this", "that", "your", "only", "into", "over", "more", "than", "them", "what", "when"]
)
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
Member = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Facet:
    """A question without its choices. ``member`` has shape (values, items): which item has which value."""

    name: str
    ask: str
    labels: tuple[str, ...]
    values: tuple[Preference, ...]
    member: Member


def facets_of(items: Sequence[Item], schema: CatalogueSchema, settled: Collection[str] = ()) -> list[Facet]:
    """Return the facets of the items' attributes, less the fields that are settled.

    Where no field holds words or a yes or no, the titles' facets are added.
    """
    usable = [f for f in schema.fields if f.name not in settled]
    found = [facet for f in usable if (facet := attribute_facet(items, f)) is not None]
    if any(f.type != "number" for f in schema.fields):
        return found
    return found + title_facets([i.title for i in items])


def attribute_facet(items: Sequence[Item], field: CatalogueField) -> Facet | None:
    """Return the facet of one catalogue field; None if the items share one value, or each has its own, and for days and times of day."""
    make = {"number": _buckets, "bool": _named, "text": _named, "list": _named}.get(field.type)
    if make is None:
        return None
    pairs = make([i.attributes.get(field.name) for i in items], field)
    kept = [(label, p, row) for label, p, row in pairs if 0 < row.sum() < len(items)]
    if len(kept) < 2 or all(row.sum() < 2 for _, _, row in kept):
        return None
    labels, values, rows = zip(*kept[:MAX_VALUES], strict=True)
    ask = f"Which {label_of(field.name)} would you like"
    return Facet(field.name, ask, tuple(labels), tuple(values), np.stack(rows))


_Found = list[tuple[str, Preference, Member]]


def _named(found: Sequence[AttributeValue | None], field: CatalogueField) -> _Found:
    holders: dict[str | bool, list[int]] = {}
    for at, value in enumerate(found):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, (str, bool)) and one != "":
                holders.setdefault(one, []).append(at)
    order = sorted(holders, key=lambda v: (-len(holders[v]), str(v)))
    return [
        (_say(v), Preference(field=field.name, value=v), _row(holders[v], len(found)))
        for v in order
        if len(str(v)) <= 200
    ]


def _say(value: str | bool) -> str:
    return value if isinstance(value, str) else "yes" if value else "no"


def _row(at: Iterable[int], n: int) -> Member:
    row = np.zeros(n, dtype=np.bool_)
    row[list(at)] = True
    return row


def _buckets(found: Sequence[AttributeValue | None], field: CatalogueField) -> _Found:
    """Return ranges that hold equally many of the items."""
    numbers = np.array([v if isinstance(v, int | float) else np.nan for v in found], dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return []
    least, most = float(known.min()), float(known.max())
    rounded = {float(f"{c:.2g}") for c in np.quantile(known, np.arange(1, BUCKETS) / BUCKETS)}
    edges = [least, *sorted(c for c in rounded if least < c < most), most]
    made: _Found = []
    for low, high in pairwise(edges):
        row = (numbers >= low) & ((numbers <= high) if high == most else (numbers < high))
        reach = max(high / 2 - low / 2, 0.0)
        about = Preference(field=field.name, value=low / 2 + high / 2, reach=reach)
        span = f"{low:g} to {high:g}" if high > low else f"{low:g}"
        made.append((f"{span}{' ' + field.unit if field.unit else ''}", about, row))
    return made


def title_facets(titles: Sequence[str]) -> list[Facet]:
    """Return facets of phrases that several titles share: how they begin, how they end, and single words besides.

    Titles of products begin with a series or a maker and end with a format, a platform or an edition, set apart by dashes
    or brackets. In each facet a title has its longest phrases only: "Wii U", not "Wii" as well.
    """
    plain = [unescape(t) for t in titles]
    least = max(MIN_ITEMS, round(MIN_SHARE * len(plain)))
    endings = _frequent(((s for s in _SEPARATOR.split(t)[1:]) for t in plain), least)
    begins = _frequent(((_LEAD.split(t)[0],) for t in plain if _LEAD.search(t)), least)
    for shared in set(endings) & set(begins):
        (begins if endings[shared][1] >= begins[shared][1] else endings).pop(shared)
    used = {word for phrase in (*endings, *begins) for word in phrase}
    words = _frequent(
        ((m for m in _TOKEN.findall(t) if len(m) > 3 and m.lower() not in _FUNCTION_WORDS) for t in plain), least
    )
    words = {p: found for p, found in words.items() if p[0] not in used and not p[0].isdigit()}
    asked = (("title ending", endings), ("title beginning", begins), ("title words", words))
    tokens = [_tokens(t) for t in plain]
    found = [_title_facet(name, phrases, tokens) for name, phrases in asked if len(phrases) > 1]
    return [f for f in found if len(f.labels) > 1]


_Phrase = tuple[str, ...]


def _tokens(text: str) -> _Phrase:
    return tuple(_TOKEN.findall(text.lower()))


def _frequent(parts: Iterable[Iterable[str]], least: int) -> dict[_Phrase, tuple[str, int]]:
    """Return phrase -> (its most common spelling, number of titles) of those in at least ``least`` titles."""
    spelt: dict[_Phrase, Counter[str]] = {}
    for of_title in parts:
        for part in {_tokens(p): p.strip() for p in of_title}.items():
            if 0 < len(part[0]) <= MAX_PHRASE_WORDS:
                spelt.setdefault(part[0], Counter())[part[1]] += 1
    counted = {p: (c.most_common(1)[0][0], c.total()) for p, c in spelt.items()}
    return {p: found for p, found in counted.items() if found[1] >= least and not all(w.isdigit() for w in p)}


def _title_facet(name: str, phrases: Mapping[_Phrase, tuple[str, int]], titles: Sequence[_Phrase]) -> Facet:
    order = sorted(phrases, key=lambda p: (-phrases[p][1], p))[:MAX_VALUES]
    member = np.zeros((len(order), len(titles)), dtype=np.bool_)
    index = {p: n for n, p in enumerate(order)}
    for at, words in enumerate(titles):
        member[_matches(words, index), at] = True
    kept = alternatives(member)
    order, member = [order[n] for n in kept], member[kept]
    labels = tuple(phrases[p][0] for p in order)
    values = tuple(Preference(field=WORDS_FIELD, value=label[:200]) for label in labels)
    return Facet(name, "Which of these comes closest to what you have in mind", labels, values, member)


def alternatives(member: Member) -> list[int]:
    """Return the rows, first ones first, that exclude each other: a colour is no alternative to the systems it comes for.

    A row is left out if more than ``MAX_OVERLAP`` of its items have a row that was kept before.
    """
    taken = np.zeros(member.shape[1], dtype=np.bool_)
    kept: list[int] = []
    for n, row in enumerate(member):
        if row.any() and (row & taken).sum() <= MAX_OVERLAP * row.sum():
            kept.append(n)
            taken |= row
    return kept


def _matches(words: _Phrase, index: Mapping[_Phrase, int]) -> list[int]:
    found, at = [], 0
    while at < len(words):
        longest = next((n for n in range(MAX_PHRASE_WORDS, 0, -1) if words[at : at + n] in index), 0)
        if longest:
            found.append(index[words[at : at + longest]])
        at += max(1, longest)
    return found
