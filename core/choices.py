"""Choose, of a product that comes in several sizes, colours ..., the choices that fit all conditions at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .predicates import NEGATED, ORDERING, predicate_holds, to_be_had
from .schemas import AttributeValue, Constraint, Item, Predicate, Variant


def all_fitting(items: Iterable[Item], where: Sequence[Constraint]) -> list[Item]:
    """Return the items of which a choice fits ``where``, each as that choice is; items without choices stay as they are."""
    return [fit for item in items if (fit := fitting(item, where)) is not None] if where else [*items]


def fitting(item: Item, where: Sequence[Constraint]) -> Item | None:
    """Return ``item`` with only the choices that can be had and fit ``where`` together, or None when none does.

    A red one in size 41 and a blue one in size 42 make no red one in size 42. What is left gives the item its sizes and
    colours, its price (the lowest), its picture and its link.
    """
    told = _told(item.variants)
    asked = [c for c in where if c.op not in NEGATED and any(p.field in told for p in (c, *c.either))]
    if not asked:
        return item
    there = to_be_had(item.variants) or item.variants
    left = [v for v in there if all(any(_fits(v, p, item, told) for p in (c, *c.either)) for c in asked)]
    if not left or len(left) == len(there):
        return item if left else None
    best = min(left, key=_price)
    choice = {"image": best.image or item.image, "url": best.url or item.url, "variants": tuple(left)}
    return item.model_copy(update={**choice, "attributes": _values(item, left)})


def offered(item: Item) -> Item:
    """Return ``item`` with the sizes, colours ... and the lowest price of those of its choices that can be had."""
    there = to_be_had(item.variants)
    if not item.variants:
        return item
    known = any(v.in_stock is not None for v in item.variants)
    stock: dict[str, AttributeValue] = {"in_stock": bool(there)} if known else {}
    return item.model_copy(update={"attributes": {**_values(item, there or item.variants), **stock}})


def highest(item: Item, name: str) -> float | None:
    """Return the highest number that a choice of ``item`` has in a field, of those that can be had; None where its own is as high."""
    there = to_be_had(item.variants) or item.variants
    own, values = item.attributes.get(name), [v.attributes.get(name) for v in there]
    most = max((v for v in values if isinstance(v, int | float)), default=-math.inf)
    return most if isinstance(own, int | float) and most > own else None


def _told(variants: Iterable[Variant]) -> list[str]:
    return [*dict.fromkeys(name for variant in variants for name in variant.attributes)]


def _fits(variant: Variant, condition: Predicate, item: Item, told: Sequence[str]) -> bool:
    """Return whether a choice of ``item`` meets a condition.

    What no choice tells is asked of the item. What others tell and this does not it has in every form, but a price that is not
    known fits no limit.
    """
    if condition.field not in told:
        return predicate_holds(condition, item)
    value = variant.attributes.get(condition.field)
    if value is None:
        return condition.op not in ORDERING
    values: dict[str, AttributeValue] = {condition.field: [value] if isinstance(value, str) else value}
    return predicate_holds(condition, Item.model_construct(item_id="variant", title="", attributes=values))


def _values(item: Item, left: Sequence[Variant]) -> dict[str, AttributeValue]:
    """Return the attributes of ``item`` when only the choices ``left`` are: their sizes, colours ... and the lowest price."""
    attributes = dict(item.attributes)
    best = min(left, key=_price)
    for name in _told(item.variants):
        values = [v.attributes[name] for v in left if name in v.attributes]
        if isinstance(attributes.get(name), int | float) or any(isinstance(v, int | float) for v in values):
            attributes.pop(name, None)
            attributes.update({name: best.attributes[name]} if name in best.attributes else {})
        elif len(values) == len(left):
            words = [w for v in values for w in (v if isinstance(v, list) else [str(v)])]
            attributes[name] = [*dict.fromkeys(words)]
    return attributes


def _price(variant: Variant) -> float:
    """Return the first number of a choice, which is its price."""
    return next((v for v in variant.attributes.values() if isinstance(v, int | float)), math.inf)
