"""What can be said of an item, one thing at a time, and how it keeps to limits of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...core.predicates import ORDERING, as_shown, of_known, predicate_holds
from ...core.schemas import Brief, Constraint, Item
from .moment_words import moment_text
from .own_words import names_figure, typed_words
from .wording import Wording


@dataclass(frozen=True)
class Point:
    """One thing to say: the kind of sentence, what stands in it, what it tells (fields and words), and the evidence."""

    kind: str
    slots: Mapping[str, str] = field(default_factory=dict)
    tells: frozenset[str] = frozenset()
    evidence_ids: tuple[str, ...] = ()


def proven(constraint: Constraint, item: Item) -> bool:
    """Say whether the record itself shows that ``item`` meets ``constraint``; a missing attribute shows nothing."""
    return item.attributes.get(constraint.field) is not None and predicate_holds(constraint, as_shown(item))


def cited(*held: Constraint) -> tuple[str, ...]:
    """Return the evidence that conditions rest on."""
    return tuple(i for c in held if (i := c.source.partition(":")[2]))


def limit_points(item: Item, brief: Brief, words: Wording) -> Iterator[Point]:
    """Yield how the item keeps to limits of numbers, the price first; two limits of one field together."""
    held = [c for c in brief.understanding.constraints if of_known(c.op) in ORDERING and proven(c, item)]
    if any(item.attributes[c.field] == 0 and words.is_price(c.field, brief) for c in held):
        yield Point("free", {}, frozenset(c.field for c in held))
        return
    for name in sorted({c.field for c in held}, key=lambda f: not words.is_price(f, brief)):
        have, mine = item.attributes[name], [c for c in held if c.field == name]
        if isinstance(have, int | float):
            yield _limit(name, have, mine, brief, words)
        elif isinstance(have, str):
            said = {"label": words.label(name), "value": moment_text(have, words)}
            yield Point("moment", said, frozenset({name}), cited(*mine))


def _limit(name: str, have: float, held: Sequence[Constraint], brief: Brief, words: Wording) -> Point:
    """Return how a number keeps to its limits; that the shopper set a figure is said only where they did."""
    tops = [float(c.value) for c in held if "<" in of_known(c.op) and isinstance(c.value, float)]
    floors = [float(c.value) for c in held if ">" in of_known(c.op) and isinstance(c.value, float)]
    bound = high = min(tops) if tops else max(floors)
    low = max(floors) if floors else bound
    kind = "price" if words.is_price(name, brief) else "year" if words.of(name).is_year else ""
    figures = {"bound": bound, "limit": bound, "low": low, "high": high, "value": have, "price": have}
    figures |= {k: abs(bound - have) for k in ("left", "more", "less")}
    slots = {k: words.measure(name, v, brief) for k, v in figures.items()}
    slots |= {k: f"{abs(bound - have):.0f}" for k in ("left", "more", "less") if kind == "year"}
    slots["amount"] = words.amount(name, have, brief)
    slots["says"] = words.says(name, have, brief) or slots["amount"]
    if not (tops and floors) and (fits := words.fits(name, "<=" if tops else ">=", bound, brief)):
        slots["fits"], way = fits, "fits"
    elif (reckoned := next((c for c in held if not names_figure(c, brief.understanding)), None)) is not None:
        shown = words.measure if words.of(name).unit else words.amount
        slots["bound"] = shown(name, float(str(reckoned.value)), brief)
        slots["words"] = typed_words(reckoned, brief.understanding)
        way = "against_shown" if reckoned.relative else "said"
    elif tops and floors:
        way = {"price": "price_between", "year": "year_between"}.get(kind, "between")
    elif have == bound:
        ways_equal = {"price": "price_exact" if tops else "price_above", "year": "year_exactly"}
        way = ways_equal.get(kind, "exactly")
    else:
        ways = {"price": ("price_within", "price_above"), "year": ("year_until", "year_since")}
        way = ways.get(kind, ("at_most", "at_least"))[0 if tops else 1]
    return Point(way, slots, frozenset({name}), cited(*held))
