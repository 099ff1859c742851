"""Merge the constraints of a thread with those of a new turn."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.moment import is_moment
from ...core.schemas import Condition, Constraint

_UP = (">", ">=", "not <")
_DOWN = ("<", "<=", "not >")
WANTED = ("=", "in", "contains")
"""Operators of a wish for a value."""
REFUSED = ("!=", "not in", "not contains")


def merge(
    earlier: Sequence[Constraint],
    new: Sequence[Constraint],
    *,
    freed: Sequence[str] = (),
    released: Sequence[tuple[str, str]] = (),
    adds: bool = False,
    joins: frozenset[str] = frozenset(),
    outdated: Sequence[Constraint] = (),
) -> tuple[tuple[Constraint, ...], tuple[Constraint, ...]]:
    """Return (in force, dropped). Constraints of earlier turns persist with source ``thread``.

    An earlier one is dropped when it is ``outdated``, its field ``freed``, its value ``released``, or a new one replaces it: the same
    direction on the same number field, a range the new bound makes empty, another wanted value of the same field (unless
    the turn ``adds``, or ``joins`` a value to the others of this list), or the opposite wish about the same value, which leaves the other
    values of a list alone; of several wanted values the others stay. New constraints
    never replace one another.
    """
    kept: list[Constraint] = []
    dropped: list[Constraint] = []
    new = [_widened(n, earlier) for n in new] if adds else list(new)
    allowed = [n for n in new if n.op in WANTED and any(_is_opposite(n, o) for o in earlier)]
    for old in earlier:
        fields = {old.field, *(o.field for o in old.either)}
        gone = old in outdated or bool(fields & set(freed)) or _is_released(old, released) or _is_excluded(old, new)
        gone = gone or any(
            _replaces(n, old, adds or (n.op == "contains" and (n.field in joins or n in allowed))) for n in new
        )
        (dropped if gone else kept).append(old.model_copy(update={"source": "thread"}))
        if gone and old.op == "in" and old not in outdated and old.field not in freed:
            kept += _narrowed(old, new)
    fresh = [c for c in unique(new) if not any(same(c, k) for k in kept)]
    return (*kept, *fresh), tuple(d for d in dropped if not any(same(d, n) for n in new))


def same(a: Constraint, b: Constraint) -> bool:
    """Tell whether two constraints say the same thing."""
    return (a.field, a.op, a.value, a.either) == (b.field, b.op, b.value, b.either)


def unique(constraints: Sequence[Constraint]) -> tuple[Constraint, ...]:
    """Return the constraints without repetitions, the surest of each first seen order."""
    kept: dict[tuple[str, str, str], Constraint] = {}
    for c in constraints:
        key = (c.field, c.op, f"{c.value}{c.either or ''}")
        if key not in kept or kept[key].confidence < c.confidence:
            kept[key] = c
    return tuple(kept.values())


def values_of(constraint: Constraint) -> tuple[str, ...]:
    """Return the text values a constraint names, in lower case."""
    return tuple(v.lower() for v in texts_of(constraint))


def _widened(new: Constraint, earlier: Sequence[Constraint]) -> Constraint:
    """Join an added value of a text field with the earlier one: "also blue" after "red" is red or blue."""
    old = next((o for o in earlier if o.field == new.field and o.op in ("=", "in")), None)
    if old is None or new.op not in ("=", "in") or isinstance(new.value, float | bool):
        return new
    values = [*texts_of(old), *texts_of(new)]
    return new.model_copy(update={"op": "in", "value": list(dict.fromkeys(values))})


def texts_of(constraint: Constraint | Condition) -> list[str]:
    """Return the text values that a constraint or condition names, as written."""
    value = constraint.value
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]


def _narrowed(old: Constraint, new: Sequence[Constraint]) -> list[Constraint]:
    """Return what is left of "red or blue" after "not blue"; nothing if a new wish replaces it or all is refused."""
    about = [n for n in new if n.field == old.field]
    refused = {v for n in about if n.op in REFUSED for v in values_of(n)}
    left = [v for v in texts_of(old) if v.lower() not in refused]
    if not left or not refused or any(n.op in WANTED for n in about):
        return []
    one = "contains" if any(n.op == "not contains" for n in about) else "="
    change = {"op": "in", "value": left} if len(left) > 1 else {"op": one, "value": left[0]}
    return [old.model_copy(update={"source": "thread", **change})]


def _is_excluded(old: Constraint, new: Sequence[Constraint]) -> bool:
    """Tell whether new bounds lie within refused numbers: "from the 80s" after "not from the 80s"."""
    numbers = [float(v) for v in texts_of(old) if v.isdigit()] if old.op == "not in" else []
    low = [_bound(n) for n in new if n.field == old.field and n.op in (*_UP, "=")]
    high = [_bound(n) for n in new if n.field == old.field and n.op in (*_DOWN, "=")]
    return bool(numbers and low and high) and min(numbers) <= max(low) and min(high) <= max(numbers)


def _is_released(old: Constraint, released: Sequence[tuple[str, str]]) -> bool:
    said = {str(old.value).lower()} if isinstance(old.value, bool) else set(values_of(old))
    return any(old.field == field and value.lower() in said for field, value in released)


def _is_opposite(new: Constraint, old: Constraint) -> bool:
    """Tell whether a wish is for a value that an earlier turn refused: "OK, then with mint"."""
    return new.field == old.field and old.op in REFUSED and bool(set(values_of(new)) & set(values_of(old)))


def _replaces(new: Constraint, old: Constraint, adds: bool) -> bool:
    if new.field != old.field:
        return False
    if isinstance(new.value, float) and isinstance(old.value, float):
        return _replaces_number(new, old)
    if isinstance(new.value, bool) or isinstance(old.value, bool):
        return True
    if isinstance(new.value, str) and is_moment(new.value):
        return _replaces_moment(new, old)
    if any(isinstance(c.value, float) for c in (new, old)) and "in" in (new.op, old.op):
        return True
    if (new.op in WANTED) != (old.op in WANTED):
        return bool(set(values_of(new)) & set(values_of(old)))
    return new.op in WANTED and (not adds or new.op != "contains")


def _replaces_number(new: Constraint, old: Constraint) -> bool:
    if "=" in (new.op, old.op):
        return True
    if (new.op in _UP) == (old.op in _UP):
        return True
    low, high = (new, old) if new.op in _UP else (old, new)
    return _bound(low) > _bound(high)


def _replaces_moment(new: Constraint, old: Constraint) -> bool:
    """Tell whether a day or a time takes the place of an earlier one: the same direction, or a span that the new one makes empty."""
    if not isinstance(old.value, str) or not {new.op, old.op} <= {*_UP, *_DOWN}:
        return True
    if (new.op in _UP) == (old.op in _UP):
        return True
    low, high = (new, old) if new.op in _UP else (old, new)
    return str(low.value) > str(high.value)


def _bound(constraint: Constraint) -> float:
    return float(constraint.value) if isinstance(constraint.value, float | int) else 0.0
