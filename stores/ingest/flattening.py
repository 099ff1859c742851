"""Open the nested values of a row, and put rows of the same item together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .column import text_of
from .values import is_unknown
from .variants import Row

NAMED = ("name", "value", "title", "hi_res", "large", "url", "contentUrl", "src", "@id")
"""What stands for an object in a list: the first of these that it has."""
FLATTENED_KEYS = 200


class LeftOut(Exception):
    """Say why a row is no item that is on offer: a draft, a part of another row."""


def flatten(row: Mapping[str, Any]) -> Row:
    """Return the row with objects opened one level (``offers.price``) and objects in lists replaced by their names."""
    flat: Row = {}
    for name, cell in row.items():
        value = _opened(cell)
        if not isinstance(value, dict) or len(value) > FLATTENED_KEYS:
            flat[name] = value
        elif _is_name(value):
            flat[name] = value["name"]
        else:
            flat.update({f"{name}.{key}": _stands_for(v) or v for key, v in value.items() if key != "@type"})
    return flat


def _opened(value: Any) -> Any:
    """Return a cell of JSON as what it holds, and objects in a list as their names; an only object without a name as itself."""
    if isinstance(value, str):
        return _json_object(value) if value.startswith("{") and value.rstrip().endswith("}") else value
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        alone = len(value) == 1 and not _stands_for(value[0])
        return value[0] if alone else [_stands_for(v) or v for v in value]
    return value


def _is_name(value: Mapping[str, Any]) -> bool:
    """Return whether an object of schema.org only names something, such as a brand."""
    return (
        "@type" in value
        and isinstance(value.get("name"), str)
        and len(value) <= 4
        and not any(isinstance(v, dict | list) for v in value.values())
    )


def _stands_for(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return next((value[key] for key in NAMED if isinstance(value.get(key), str) and value[key]), None)


def _json_object(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, dict) else text


def first(rows: Sequence[Row], name: str) -> Any:
    """Return the first cell of a column that says something, or None."""
    return next((row[name] for row in rows if not is_unknown(row.get(name))), None)


def union(rows: Iterable[Row], name: str) -> list[str]:
    """Return the different cells of a column, in order."""
    return [*dict.fromkeys(text_of(row[name]) for row in rows if not is_unknown(row.get(name)))]


def joined(rows: Sequence[Row]) -> Row:
    """Return one row with the first known cell of every column."""
    return {name: first(rows, name) for name in dict.fromkeys(n for row in rows for n in row)}


def unite(*names: str) -> Any:
    """Return a merge of rows of the same item: the first known cell of every column, and of ``names`` all cells as a list."""

    def merge(rows: Sequence[Row]) -> Row:
        return joined(rows) | {name: union(rows, name) for name in names if any(name in row for row in rows)}

    return merge
