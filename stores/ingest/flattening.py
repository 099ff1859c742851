"""Open the nested values of a row, and put rows of the same item together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .column import text_of
from .column_names import FIELD_NAMES, simple
from .values import is_unknown
from .variants import Row

NAMED = ("name", "value", "title", "hi_res", "large", "url", "contentUrl", "src", "@id")
"""What stands for an object in a list: the first of these that it has."""
PAIR_NAMES, PAIR_VALUES = ("name", "key", "label", "k", "attribute", "trait_type"), ("value", "values", "v")
FORMS = ("value", "str", "default", "full", "long", "text", "en", "en_US", "en-US", "en_GB")
"""Of a title that is written in several forms or languages, which one is shown: the first of these, else the first."""
FLATTENED_KEYS = 200


class LeftOut(Exception):
    """Say why a row is no item that is on offer: a draft, a part of another row."""


def flatten(row: Mapping[str, Any]) -> Row:
    """Return the row with objects opened one level (``offers.price``) and objects in lists replaced by their names."""
    flat: Row = {}
    for name, cell in row.items():
        value = _opened(cell)
        if isinstance(cell, list) and (pairs := _pairs(cell)):
            flat.update({f"{name}.{key}": held for key, held in pairs.items()})
            continue
        if isinstance(value, dict) and (words := _first_words(name, value)):
            key, flat[name] = words
            value = {k: v for k, v in value.items() if k != key}
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


def _pairs(value: Sequence[Any]) -> dict[str, Any]:
    """Return name -> value of a list whose objects each name something and say what it is: ``[{"name": "colour", "value": "blue"}]``."""
    found: dict[str, Any] = {}
    for part in value:
        names = [part[k] for k in PAIR_NAMES if isinstance(part, dict) and isinstance(part.get(k), str)]
        held = [part[k] for k in PAIR_VALUES if isinstance(part, dict) and k in part]
        if len(names) != 1 or len(held) != 1 or isinstance(held[0], dict) or len(part) > 3 or names[0] in found:
            return {}
        found[names[0]] = held[0]
    return found


def _first_words(name: str, value: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the key and the words that stand for a title, a text or an id written as an object: by language, singular and plural, ``$oid``."""
    kind = next((t for t in ("item_id", "title", "text") if simple(name) in FIELD_NAMES[t]), "")
    words = {k: v for k, v in value.items() if isinstance(v, str) and v.strip() and not k.startswith("/")}
    if not kind or not words or (kind == "item_id" and len(value) > 1) or "@type" in value:
        return None
    key = next((k for k in FORMS if k in words), next(iter(words)))
    return key, words[key]


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
