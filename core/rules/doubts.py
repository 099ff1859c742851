"""Say what of a shop's rules is allowed and yet likely not meant: a value that no item has, a price range beside other currencies."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ..predicates import fold
from ..schemas import CatalogueField, CatalogueSchema, Constraint
from .model import Matching, PriceRange, Rule, RuleSet

KNOWN = 200
"""A field with so many values holds more than are known here."""


def doubts(rules: RuleSet, schema: CatalogueSchema) -> tuple[str, ...]:
    """Return what is doubtful, by rule and field, with what may have been meant."""
    return tuple(f"rule {rule.id!r}, {doubt}" for rule in rules.rules for doubt in _doubts(rule, schema))


def _doubts(rule: Rule, schema: CatalogueSchema) -> Iterator[str]:
    if isinstance(rule, Matching):
        for constraint in rule.where:
            yield from _unknown_values(constraint, schema.field(constraint.field))
    if isinstance(rule, PriceRange):
        yield from _other_currencies(rule, schema)


def _unknown_values(constraint: Constraint, field: CatalogueField | None) -> Iterator[str]:
    if field is None or field.type not in ("text", "list") or not 0 < len(field.values) < KNOWN:
        return
    known = {fold(value): value for value in field.values}
    wanted = constraint.value if isinstance(constraint.value, list | tuple) else [constraint.value]
    for value in wanted:
        if isinstance(value, str) and constraint.op in ("=", "!=", "in", "not in") and fold(value) not in known:
            near = get_close_matches(fold(value), known, n=1, cutoff=0.5)
            hint = f"; did you mean {known[near[0]]!r}?" if near else ""
            yield f"where {constraint.field}: no item has {value!r}{hint}"


def _other_currencies(rule: PriceRange, schema: CatalogueSchema) -> Iterator[str]:
    price = schema.field(rule.field) if rule.field else schema.price
    others = [f for f in schema.fields if price is not None and f.unit and f.name == f"{price.name}_{f.unit.lower()}"]
    if price is not None and others:
        codes = ", ".join(sorted(f.unit for f in others))
        yield (
            f"{price.name}: items that are priced in {codes} only have no price in {price.unit} and are left out; to keep them, use "
            f'kind exclude with a condition for each currency, such as where: [{{field: {others[0].name}, op: ">", value: ...}}]'
        )
