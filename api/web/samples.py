"""Make sample requests from a catalogue's own values: each is read in full, and several items answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Literal, NamedTuple

from pydantic import Field

from ...agents.understanding.reader import read
from ...core.language.catalogue_language import CatalogueLanguage
from ...core.predicates import all_hold
from ...core.schemas import CatalogueField, Constraint, Frozen, Item

LanguageName = Literal["en", "zh"]
SAMPLES = 4
MIN_ITEMS = 2
MAX_VALUE_CHARS = 24
MAX_VALUES = 200
PLACES = (3, 1, 4, 2, 5, 0)
"""Which of a field's values are tried, by frequency: the most frequent one says least."""
LOOKS = frozenset({"size", "colour"})
"""Concepts that say how an item looks, not what it is about."""
_WORDING = {
    "en": {
        "limit": "{value}, under {price} {unit}",
        "both": "{value}, {other}",
        "order": "{value}, cheapest first",
        "refusal": "{value}, but not {other}",
    },
    "zh": {
        "limit": "{value}，{price} {unit} 以下",
        "both": "{value}，{other}",
        "order": "{value}，便宜的在前",
        "refusal": "{value}，不要 {other}",
    },
}


class Sample(Frozen):
    """A request to try."""

    text: str = Field(description="The words.")
    item_id: str | None = Field(
        default=None,
        description="An item that answers it, whose picture stands for it; none in a shop without pictures.",
    )


class _Value(NamedTuple):
    field: CatalogueField
    value: str


def samples(language: CatalogueLanguage, items: Sequence[Item], lang: LanguageName) -> tuple[Sample, ...]:
    """Return up to ``SAMPLES`` requests, one of a kind, about different values; ``items`` are some of the catalogue's, best first."""
    found: list[Sample] = []
    pictured: set[str | None] = set()
    used: set[str] = set()
    values = _values(language)
    for kind in _WORDING[lang]:
        for text, about in _candidates(kind, values, language, items, lang):
            if used & about or not (fitting := _fitting(text, about, language, items)):
                continue
            seen = [i.item_id for i in fitting if i.image]
            shown = next((i for i in seen if i not in pictured), seen[0] if seen else None)
            pictured.add(shown)
            used |= about
            found.append(Sample(text=text[0].upper() + text[1:], item_id=shown))
            break
    return tuple(found[:SAMPLES])


def _values(language: CatalogueLanguage) -> list[_Value]:
    """Return frequent values, the fields in turn: what an item is about first, how it looks and measures last."""
    terms = [
        t for t in language.fields.values() if t.field.type in ("list", "text") and 3 <= len(t.values) <= MAX_VALUES
    ]
    terms.sort(key=lambda t: (t.concept in LOOKS, t.field.type != "list", len(t.values) > 60, -len(t.values)))
    fields = [t.field for t in terms]
    plain = {
        f.name: [v for v in f.values if len(v) <= MAX_VALUE_CHARS and not any(c.isdigit() for c in v)] for f in fields
    }
    return [_Value(f, plain[f.name][place]) for place in PLACES for f in fields if place < len(plain[f.name])]


def _candidates(
    kind: str, values: Sequence[_Value], language: CatalogueLanguage, items: Sequence[Item], lang: LanguageName
) -> Iterator[tuple[str, set[str]]]:
    """Yield texts with the values that each is about."""
    wording, price = _WORDING[lang][kind], language.schema.price
    if kind in ("limit", "order") and price is None:
        return
    for one in [v for v in values if v.field is values[0].field]:
        if kind == "limit" and price is not None:
            amount = _round(_prices(price.name, items))
            if amount:
                yield wording.format(value=one.value, price=amount, unit=price.unit).replace(" ,", ","), {one.value}
        elif kind == "order":
            yield wording.format(value=one.value), {one.value}
        else:
            for other in values:
                if other.field.name != one.field.name:
                    yield wording.format(value=one.value, other=other.value), {one.value, other.value}


def _prices(name: str, items: Sequence[Item]) -> list[float]:
    found = (item.attributes.get(name) for item in items)
    return [float(p) for p in found if isinstance(p, int | float) and not isinstance(p, bool)]


def _round(prices: Sequence[float]) -> int:
    """Return a round amount near the middle of the prices; 0 without any."""
    if not prices:
        return 0
    middle = median(prices)
    step = next((s for s in (1000, 100, 50, 10, 5) if middle >= 4 * s), 1)
    return max(1, round(middle / step) * step)


def _fitting(text: str, about: set[str], language: CatalogueLanguage, items: Sequence[Item]) -> list[Item]:
    """Return the items that hold what ``text`` says; none where it is not read as it is meant, or too few hold it."""
    reading = read(text, language)
    said = {
        v
        for c in reading.conditions
        for v in ([c.value] if isinstance(c.value, str) else c.value if isinstance(c.value, list) else [])
    }
    if reading.query or reading.not_applied or not about <= said:
        return []
    where = [Constraint(field=c.field, op=c.op, value=c.value) for c in reading.conditions if c.must]
    fitting = all_hold(items, where)
    return fitting if len(fitting) >= MIN_ITEMS else []
