"""Translate hard constraints into a filter that Lance applies before it searches.

Every attribute has a column named by ``attribute_column``; text and list attributes have a second, folded one
(``folded_column``) that filters compare with, so that equality ignores case and can use an index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ...core.errors import InvalidRequestError
from ...core.predicates import (
    ITEM_ID,
    MOMENTS,
    NEGATED,
    ORDERING,
    TITLE,
    WHOLE,
    Canonical,
    canonical,
    positive,
    title_pattern,
)
from ...core.schemas import CatalogueField, CatalogueSchema, Constraint, Predicate

_ENCODED = re.compile(r"__|_x([0-9a-f]+)_")


def attribute_column(name: str) -> str:
    """Return the column of attribute ``name``: ``a_`` plus a reversible encoding in ASCII letters, digits and ``_``."""
    return "a_" + _encode(name)


def folded_column(name: str) -> str:
    """Return the column with the folded text of attribute ``name``."""
    return "f_" + _encode(name)


def highest_column(name: str) -> str:
    """Return the column with the highest number among an item's choices, where it is above the item's own."""
    return "h_" + _encode(name)


def attribute_name(column: str) -> str:
    """Return the attribute that ``attribute_column`` or ``folded_column`` encoded as ``column``."""
    return _ENCODED.sub(lambda m: chr(int(m[1], 16)) if m[1] else "_", column[2:])


def quote(text: str) -> str:
    """Return ``text`` as an SQL string literal; the only special character is the single quote."""
    return "'" + text.replace("'", "''") + "'"


def to_sql(where: Sequence[Constraint], schema: CatalogueSchema) -> str:
    """Return the filter for ``where``, or an empty string for no constraint.

    Raises:
        InvalidRequestError: unknown field, or a value or operator that does not fit it; names ``constraints[i]``.
    """
    return " AND ".join(clauses(where, schema))


def clauses(where: Sequence[Constraint], schema: CatalogueSchema) -> list[str]:
    """Return one filter for each constraint. Raises as ``to_sql``."""
    return [f"({_either(i, c, schema)})" for i, c in enumerate(where)]


def check_constraints(where: Sequence[Constraint], schema: CatalogueSchema) -> None:
    """Check that every constraint fits the catalogue's fields.

    Raises:
        InvalidRequestError: as ``to_sql``.
    """
    to_sql(where, schema)


def ids_sql(item_ids: Iterable[str], *, negate: bool = False) -> str:
    """Return the filter that keeps (or with ``negate`` drops) the items of ``item_ids``, or an empty string for none."""
    literals = ",".join(quote(i) for i in dict.fromkeys(item_ids) if "\x00" not in i)
    if not literals:
        return ""
    return f"item_id {'NOT IN' if negate else 'IN'} ({literals})"


def both(*filters: str) -> str:
    """Return the conjunction of the filters that are not empty."""
    return " AND ".join(f"({f})" for f in filters if f)


def _either(index: int, constraint: Constraint, schema: CatalogueSchema) -> str:
    if not constraint.either:
        return _clause(index, constraint, schema)
    return " OR ".join(f"({_clause(index, c, schema)})" for c in (constraint, *constraint.either))


def _clause(index: int, constraint: Predicate, schema: CatalogueSchema) -> str:
    if constraint.field == ITEM_ID:
        return _named(index, constraint)
    field = schema.field(constraint.field)
    if field is None and constraint.field == TITLE:
        if constraint.op != "not contains":
            raise InvalidRequestError(f"constraints[{index}].op", f"{TITLE} takes not contains")
        return f"NOT regexp_like(lower(title), {quote(title_pattern(str(constraint.value)))})"
    if field is None:
        known = ", ".join(f.name for f in schema.fields[:30]) or "none"
        raise InvalidRequestError(
            f"constraints[{index}].field", f"no field {constraint.field!r} in the catalogue; it has: {known}"
        )
    try:
        value = canonical(constraint.op, constraint.value, field.type)
    except ValueError as error:
        part = "op" if str(error).startswith("operator") else "value"
        raise InvalidRequestError(f"constraints[{index}].{part}", f"{field.name}: {error}") from error
    column = _column(field)
    clause = _positive(column, field, positive(constraint.op), value)
    if field.choices and constraint.op not in NEGATED:
        clause = f"{clause} OR {_of_choices(field, constraint.op, value)}"
    return f"{column} IS NULL OR NOT ({clause})" if constraint.op in NEGATED else clause


def _named(index: int, constraint: Predicate) -> str:
    if positive(constraint.op) not in ("=", "in"):
        raise InvalidRequestError(f"constraints[{index}].op", f"{ITEM_ID} takes =, !=, in and not in")
    value = constraint.value
    ids = value if isinstance(value, list) else [str(value)]
    return ids_sql(ids, negate=constraint.op in NEGATED) or ("true" if constraint.op in NEGATED else "false")


def _positive(column: str, field: CatalogueField, op: str, value: Canonical) -> str:
    if isinstance(value, tuple):
        literals = ", ".join(_literal(v) for v in value)
        if not literals:
            return "false"
        return f"array_has_any({column}, [{literals}])" if field.type == "list" else f"{column} IN ({literals})"
    if field.type == "list":
        return f"array_has({column}, {_literal(value)})"
    if op == "contains":
        return f"contains({column}, {_literal(value)})"
    if field.type in MOMENTS:
        return _of_moment(column, op, str(value))
    return f"{column} {op if op in ORDERING else '='} {_literal(value)}"


def _of_choices(field: CatalogueField, op: str, value: Canonical) -> str:
    """Return the filter for items of which another choice than the lowest may meet a limit; which do is seen when they are read."""
    low, high = attribute_column(field.name), highest_column(field.name)
    if op in ORDERING:
        return f"{high} {op} {_literal(value)}" if not isinstance(value, tuple) else "false"
    between = [
        f"({low} < {_literal(v)} AND {high} >= {_literal(v)})"
        for v in (value if isinstance(value, tuple) else (value,))
    ]
    return " OR ".join(between) or "false"


def _of_moment(column: str, op: str, value: str) -> str:
    if op in ORDERING:
        return f"{column} {op} {_literal(value + WHOLE.get(op, ''))}"
    return f"({column} >= {_literal(value)} AND {column} <= {_literal(value + '~')})"


def _column(field: CatalogueField) -> str:
    return folded_column(field.name) if field.type in ("text", "list", *MOMENTS) else attribute_column(field.name)


def _literal(value: float | bool | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote(value) if isinstance(value, str) else repr(float(value))


@lru_cache(4096)
def _encode(name: str) -> str:
    return "".join("__" if c == "_" else c if c.isascii() and c.isalnum() else f"_x{ord(c):x}_" for c in name)
