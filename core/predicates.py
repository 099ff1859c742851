"""Give hard constraints one meaning, shared by the store's filters and by checks in memory.

Text is compared after ``fold`` (Unicode NFKC, case folding, single spaces). What is not known never satisfies a positive
predicate (``price <= 40`` fails without a price) and always satisfies a negated one (``!=``, ``not in``, ``not contains``, ``not <``, ``not >``).
On list fields ``=`` and ``contains`` mean membership and ``in`` a common member; on text fields ``contains`` is a substring.
Of a product with choices a number may be that of any choice that can be had: at 50 and at 90 it is under 60 and over 80.
"""

from __future__ import annotations

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .moment import is_moment
from .schemas import AttributeValue, Constraint, FieldType, Item, Predicate, Variant

ITEM_ID = "item_id"
"""Field name that stands for an item's own id in ``=``, ``!=``, ``in`` and ``not in``; compared as it is written."""
TITLE = "title"
"""Field name that stands for an item's title in ``not contains``: no item called so, as a whole word."""
NEGATED = {"!=": "=", "not in": "in", "not contains": "contains", "not <": "<", "not >": ">"}
AT_LEAST = {"not <": ">=", "not >": "<="}
"""What a negated comparison asks of a value that is known."""
ORDERING: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
MOMENTS = ("date", "time")
"""Types of fields whose values are compared as text: a day holds all its times."""
WHOLE = {"<=": "~", ">": "~"}
"""What follows the text of a moment that is compared, so that ``<= 2026-12-05`` holds at 20:00 of that day."""
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
Canonical = float | bool | str | tuple[float, ...] | tuple[bool, ...] | tuple[str, ...]


def fold(text: str) -> str:
    """Return ``text`` as it is compared: NFKC, case-folded, white space collapsed; idempotent."""
    if text.isascii():
        return " ".join(text.casefold().split())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(unicodedata.normalize("NFKC", folded.casefold()).split())


def type_of(value: AttributeValue) -> FieldType:
    """Return the field type of a record's value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, list):
        return "list"
    return "number" if isinstance(value, int | float) else "text"


def _kind_of(value: AttributeValue) -> FieldType:
    if isinstance(value, str) and is_moment(value):
        return "time" if ":" in value[:3] else "date"
    return type_of(value)


def positive(op: str) -> str:
    """Return the operator that ``op`` negates, or ``op`` itself."""
    return NEGATED.get(op, op)


def of_known(op: str) -> str:
    """Return the comparison that ``op`` makes of a value that is known: ``>=`` for ``not <``, others as they are."""
    return AT_LEAST.get(op, op)


def canonical(op: str, value: float | bool | str | list[str], kind: FieldType) -> Canonical:
    """Return ``value`` in the form that is compared on a field of type ``kind``: one value, or a tuple for ``in``.

    Raises:
        ValueError: operator and field (message starts with "operator"), or value and field, do not fit.
    """
    base = positive(op)
    if base in ORDERING and kind not in ("number", *MOMENTS):
        raise ValueError(f"operator {op} needs a number field, and this is a {kind} field; use =, in or contains")
    if base in ORDERING and kind in MOMENTS and not is_moment(value):
        raise ValueError(f"value must be a day such as 2026-12-05 or a time such as 20:30, not {_shown(value)}")
    if base == "contains" and kind not in ("text", "list", *MOMENTS):
        raise ValueError(f"operator {op} needs a text or list field, and this is a {kind} field")
    if base == "in":
        return _members(value if isinstance(value, list) else [str(value)], kind)
    if isinstance(value, list):
        raise ValueError(f"operator {op} needs one value, not a list; use in or not in")
    if kind == "number":
        return _number(value)
    return _bool(value) if kind == "bool" else _text(value)


def holds(constraint: Constraint, item: Item) -> bool:
    """Say whether ``item`` satisfies ``constraint`` or one of those that may hold in its place."""
    return predicate_holds(constraint, item) or any(predicate_holds(other, item) for other in constraint.either)


def predicate_holds(constraint: Predicate, item: Item) -> bool:
    """Say whether ``item``, or a choice of it, satisfies one predicate; a value that does not fit the attribute satisfies nothing."""
    negated = constraint.op in NEGATED
    if constraint.field == ITEM_ID:
        return _is_named(constraint, item.item_id) != negated
    if constraint.field == TITLE and TITLE not in item.attributes:
        return constraint.op == "not contains" and not called(str(constraint.value), item.title)
    known = item.attributes.get(constraint.field)
    if known is None or known == []:
        return negated
    return _compared(constraint, known) or (
        bool(item.variants) and not negated and any(_compared(constraint, n) for n in _numbers(item, constraint.field))
    )


def as_shown(item: Item) -> Item:
    """Return ``item`` without its choices, so that a condition is asked only of what it is shown with."""
    return item.model_copy(update={"variants": ()}) if item.variants else item


def to_be_had(variants: Iterable[Variant]) -> list[Variant]:
    """Return the choices that are not sold out."""
    return [v for v in variants if v.in_stock is not False]


def _numbers(item: Item, name: str) -> list[float]:
    """Return the numbers that the choices which can be had have in a field."""
    values = (v.attributes.get(name) for v in to_be_had(item.variants) or item.variants)
    return [v for v in values if isinstance(v, int | float)]


def _compared(constraint: Predicate, known: AttributeValue) -> bool:
    try:
        wanted = canonical(constraint.op, constraint.value, _kind_of(known))
    except ValueError:
        return False
    return _matches(positive(constraint.op), known, wanted) != (constraint.op in NEGATED)


def title_pattern(word: str) -> str:
    """Return the pattern of a folded title that holds a word, or its plural; Chinese words have no bounds."""
    return rf"\b{re.escape(fold(word))}s?\b" if word.isascii() else re.escape(fold(word))


def called(word: str, title: str) -> bool:
    """Say whether a title holds a word."""
    return re.search(title_pattern(word), fold(title)) is not None


def all_hold(items: Iterable[Item], constraints: Sequence[Constraint]) -> list[Item]:
    """Return the items that satisfy every constraint, in order."""
    return [i for i in items if all(holds(c, i) for c in constraints)]


def _matches(op: str, known: AttributeValue, wanted: Canonical) -> bool:
    if isinstance(known, list):
        members = {fold(v) for v in known}
        return not members.isdisjoint(wanted) if isinstance(wanted, tuple) else wanted in members
    if isinstance(known, str):
        text = fold(known)
        if op == "contains":
            return str(wanted) in text
        if op in ORDERING:
            return ORDERING[op](text, str(wanted) + WHOLE.get(op, ""))
        whole = is_moment(known) and not isinstance(wanted, tuple) and text.startswith(str(wanted))
        return whole or (text in wanted if isinstance(wanted, tuple) else text == wanted)
    if op in ORDERING and not isinstance(wanted, str | tuple):
        return ORDERING[op](known, wanted)
    return known in wanted if isinstance(wanted, tuple) else known == wanted


def _is_named(constraint: Predicate, item_id: str) -> bool:
    value = constraint.value
    return item_id in value if isinstance(value, list) else item_id == value


def _members(values: list[str], kind: FieldType) -> Canonical:
    if kind == "number":
        return tuple(_number(v) for v in values)
    if kind == "bool":
        return tuple(_bool(v) for v in values)
    return tuple(_text(v) for v in values)


def _number(value: float | bool | str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"value must be a finite number, not {_shown(value)}")
    return number


def _bool(value: float | bool | str) -> bool:
    if isinstance(value, bool):
        return value
    word = fold(value) if isinstance(value, str) else ""
    if word not in _TRUE | _FALSE:
        raise ValueError(f"value must be true or false, not {_shown(value)}")
    return word in _TRUE


def _text(value: float | bool | str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = fold(value) if isinstance(value, str) else format(value, ".15g")
    if _NO_TEXT.search(text):
        raise ValueError("value must be valid Unicode text without NUL characters")
    return text


def _shown(value: object) -> str:
    return repr(value)[:40]
