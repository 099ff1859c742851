"""Say in words what a hard constraint asks, and how a record meets it."""

from __future__ import annotations

from ...core.predicates import holds
from ...core.schemas import AttributeValue, Brief, Constraint, Item
from ...core.text.words import amount, listed, number, value_text

_OPS = {
    "<=": "at most", "<": "below", ">=": "at least", ">": "above", "=": "is", "!=": "is not", "in": "is one of",
    "not in": "is none of", "contains": "with", "not contains": "without",
}  # fmt: skip


def describe(constraint: Constraint, brief: Brief) -> str:
    """Return a constraint in words: "price at most 40 EUR", "colour is navy", "genre without Horror"."""
    return f"{label(constraint.field)} {_OPS[constraint.op]} {_wanted(constraint, brief)}"


def how_met(constraint: Constraint, item: Item, brief: Brief, rank: int) -> str:
    """Return a clause on how ``item`` meets ``constraint``: "at 28 EUR it is within your limit of 40 EUR"."""
    have, wanted = item.attributes[constraint.field], _wanted(constraint, brief)
    field = label(constraint.field)
    if constraint.op in {"<=", "<", ">=", ">"} and isinstance(have, int | float):
        shown = (
            amount(have, brief.price_unit) if constraint.field == brief.price_field else _figure(constraint.field, have)
        )
        bound = f"within your limit of {wanted}" if "<" in constraint.op else f"above your minimum of {wanted}"
        if have == constraint.value:
            bound = f"exactly your {'limit' if '<' in constraint.op else 'minimum'} of {wanted}"
        if constraint.field == brief.price_field:
            return f"at {shown} it is {bound}" if rank % 2 else f"it costs {shown}, {bound}"
        return f"its {field} is {shown}, {bound}"
    return _membership(constraint, have, wanted)


def proven(constraint: Constraint, item: Item) -> bool:
    """Say whether the record itself shows that ``item`` meets ``constraint``; a missing attribute shows nothing."""
    return item.attributes.get(constraint.field) is not None and holds(constraint, item)


def label(field: str) -> str:
    """Return a field's name in words."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in field.replace("_", " "))
    return " ".join(spaced.split())


def stated(field: str, value: AttributeValue) -> str:
    """Return a field with its value as a clause: "genre is Comedy", "genres are Comedy and Drama"."""
    name = label(field)
    many = isinstance(value, list) and len(value) > 1
    if isinstance(value, list) and not many and name.endswith("s") and not name.endswith("ss"):
        name = name[:-1]
    return f"{name} {'are' if many and name.endswith('s') else 'is'} {value_text(value)}"


def _wanted(constraint: Constraint, brief: Brief) -> str:
    value = constraint.value
    if isinstance(value, bool):
        return value_text(value)
    if isinstance(value, list):
        return listed(value, "or")
    if isinstance(value, str):
        return value
    return (
        amount(value, brief.price_unit) if constraint.field == brief.price_field else _figure(constraint.field, value)
    )


def _figure(field: str, value: float) -> str:
    year = "year" in field.lower() and float(value).is_integer()
    return f"{value:.0f}" if year else number(value)


def _membership(constraint: Constraint, have: AttributeValue, wanted: str) -> str:
    if constraint.op in {"!=", "not in", "not contains"}:
        others = f"its {stated(constraint.field, have)}"
        return f"without {wanted}, as you asked: {others}" if isinstance(have, list) else f"{others}, not {wanted}"
    if isinstance(have, list):
        asked = {
            str(v).casefold() for v in (constraint.value if isinstance(constraint.value, list) else [constraint.value])
        }
        matching = [v for v in have if v.casefold() in asked]
        verb = "include" if constraint.field.endswith("s") else "includes"
        return f"its {label(constraint.field)} {verb} {listed(matching) or wanted}, as you asked"
    return f"its {stated(constraint.field, have)}, as you asked"
