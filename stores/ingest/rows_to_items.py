"""Turn the rows of a file into items: which column is what, which type an attribute has, and what is wrong with a row."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.errors import InvalidRequestError
from ...core.schemas import AttributeValue, FieldType, Item
from ..catalogue.columns import price_role

ITEM_FIELDS = ("item_id", "title", "text", "image", "url")
LIMITS = {"item_id": 128, "title": 500, "text": 20_000, "image": 1_000, "url": 2_000}
MAX_ATTRIBUTE_CHARS = 20_000
MAX_LIST = 1_000
MAX_FIELD_NAME = 64
MOSTLY = 0.95
"""Share of a column's values that must read as numbers, or as true and false, for it to be of that type."""
LISTED = 0.05
"""Share of a column's values that must hold the list separator for it to be a list."""
MAX_LIST_MEMBER_CHARS = 60
_NAMES: dict[str, tuple[str, ...]] = {
    "item_id": ("itemid", "id", "productid", "articleid", "movieid", "sku", "asin"),
    "title": ("title", "name", "productdisplayname", "productname", "itemtitle", "itemname", "displayname"),
    "text": ("text", "description", "desc", "plot", "summary", "overview", "abstract"),
    "image": ("image", "imagepath", "imagefile", "poster", "photo", "picture", "img"),
    "url": ("url", "link", "href", "producturl"),
}
_UNKNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?", "unknown"})
_TRUE, _FALSE = frozenset({"true", "yes", "t", "y"}), frozenset({"false", "no", "f", "n"})
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_CODE = re.compile(r"0\d+|\d{16,}")
_CURRENCY = re.compile(r"^(?P<before>[€$£¥₹]|[A-Z]{3})?\s*(?P<number>[\d.,]+)\s*(?P<after>[€$£¥₹]|[A-Z]{3})?$")
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR"}


class RowError(Exception):
    """Say which field of a row is wrong and why."""

    def __init__(self, name: str, reason: str, item_id: str = "") -> None:
        super().__init__(reason)
        self.field = name
        self.reason = reason
        self.item_id = item_id


@dataclass(frozen=True)
class Columns:
    """Which columns become which item fields and attributes; several columns may be joined into one text field.

    ``price`` is the attribute whose cells may carry a currency sign.
    """

    fields: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str]
    price: str | None = None

    def item_id(self, values: Mapping[str, Any]) -> str:
        """Return the item id in a row, or an empty string."""
        return _joined(values, self.fields["item_id"])


@dataclass
class ColumnStats:
    """Counts of what a column's values look like."""

    filled: int = 0
    numbers: int = 0
    booleans: int = 0
    listed: int = 0
    lists: int = 0
    long_members: int = 0
    codes: int = 0
    currency: set[str] = field(default_factory=set)

    def add(self, value: Any, separator: str, price: bool) -> None:
        """Count ``value``."""
        if is_unknown(value):
            return
        self.filled += 1
        self.codes += isinstance(value, str) and bool(_CODE.fullmatch(value.strip()))
        if isinstance(value, list) or (isinstance(value, str) and _json_list(value) is not None):
            self.lists += 1
        elif isinstance(value, bool) or _truth(value) is not None:
            self.booleans += 1
        elif isinstance(value, int | float) or number_of(value, price) is not None:
            self.numbers += 1
            self.currency.update(filter(None, [currency_of(value)] if price else []))
        elif isinstance(value, str) and separator in value:
            self.listed += 1
            self.long_members += any(len(part) > MAX_LIST_MEMBER_CHARS for part in value.split(separator))

    def kind(self) -> FieldType:
        """Return the type that fits."""
        if not self.filled:
            return "text"
        if self.lists >= MOSTLY * self.filled:
            return "list"
        if self.booleans >= MOSTLY * self.filled:
            return "bool"
        if self.numbers >= MOSTLY * self.filled and not self.codes:
            return "number"
        return "list" if self.listed >= LISTED * self.filled and not self.long_members else "text"


def plan_columns(names: Sequence[str], mapping: Mapping[str, str] | None) -> Columns:
    """Decide what each column is: by ``mapping`` (target -> column, or columns joined by ``+``), else by common names.

    Raises:
        InvalidRequestError: a mapped column does not exist, or none holds the id or the title; names ``mapping.TARGET``.
    """
    chosen = {target: _existing(target, source, names) for target, source in (mapping or {}).items()}
    used = {name for sources in chosen.values() for name in sources}
    plain = {_plain(name): name for name in reversed(names) if name not in used}
    fields = {target: chosen[target] for target in ITEM_FIELDS if target in chosen}
    for target in ITEM_FIELDS:
        found = next((plain[n] for n in _NAMES[target] if n in plain), None)
        if target not in fields and found is not None:
            fields[target] = (found,)
            used.add(found)
    for target in ("item_id", "title"):
        if target not in fields:
            listed = ", ".join(names[:30])
            raise InvalidRequestError(
                f"mapping.{target}", f"no column for it; add --map {target}=COLUMN, one of: {listed}"
            )
    renamed = {target: sources[0] for target, sources in chosen.items() if target not in ITEM_FIELDS}
    attributes = {**renamed, **{name.strip(): name for name in names if name not in used}}
    too_long = next((name for name in attributes if not 0 < len(name) <= MAX_FIELD_NAME), None)
    if too_long is not None:
        raise InvalidRequestError(
            "mapping", f"the field name {too_long[:80]!r} must have 1 to {MAX_FIELD_NAME} characters"
        )
    price = "price" if "price" in renamed else next((name for name in attributes if price_role(name)), None)
    return Columns(fields, attributes, price)


def to_item(values: Mapping[str, Any], columns: Columns, types: Mapping[str, FieldType], separator: str) -> Item:
    """Return the item in a row.

    Raises:
        RowError: a field is missing, too long or of the wrong type.
    """
    found = {target: _joined(values, sources) for target, sources in columns.fields.items()}
    item_id = found["item_id"]
    for name, text in found.items():
        if not text and name in ("item_id", "title"):
            raise RowError(name, "missing", item_id)
        if len(text) > LIMITS[name]:
            raise RowError(name, f"{len(text)} characters, at most {LIMITS[name]}", item_id[:128])
        _no_controls(name, text, item_id)
    attributes: dict[str, AttributeValue] = {}
    for name, source in columns.attributes.items():
        value = values.get(source)
        if is_unknown(value, types[name]):
            continue
        try:
            attributes[name] = _convert(value, types[name], separator, name == columns.price)
        except ValueError as error:
            raise RowError(name, str(error), item_id) from error
        for text in _strings(attributes[name]):
            _no_controls(name, text, item_id)
    return Item(
        item_id=item_id,
        title=found["title"],
        text=found.get("text", ""),
        attributes={k: v for k, v in attributes.items() if v not in ("", [])},
        image=found.get("image") or None,
        url=found.get("url") or None,
    )


def is_unknown(value: Any, kind: FieldType | None = None) -> bool:
    """Return whether a cell says nothing; words such as ``n/a`` say nothing except in text and list columns."""
    if value is None or value == [] or (isinstance(value, float) and math.isnan(value)):
        return True
    if not isinstance(value, str):
        return False
    word = value.strip().lower()
    return not word if kind in ("text", "list") else word in _UNKNOWN


def number_of(value: Any, price: bool = False) -> float | None:
    """Return the number a cell holds, or None; of a price also with a currency sign or a decimal comma."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    if price and (match := _CURRENCY.match(text)):
        text = _decimal_point(match["number"])
    elif isinstance(value, str) and not _NUMBER.fullmatch(text):
        return None
    try:
        number = float(text.replace(",", ""))
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def currency_of(value: Any) -> str:
    """Return the currency code written beside a price, or an empty string."""
    match = _CURRENCY.match(value.strip()) if isinstance(value, str) else None
    sign = (match["before"] or match["after"] or "") if match else ""
    return _SIGNS.get(sign, sign)


def _decimal_point(digits: str) -> str:
    head, mark, tail = digits.rpartition(",")
    if mark and "." not in tail and (len(tail) != 3 or "." in head):
        return head.replace(".", "").replace(",", "") + "." + tail
    return digits.replace(",", "")


def _convert(value: Any, kind: FieldType, separator: str, price: bool) -> AttributeValue:
    if kind == "number":
        number = number_of(value, price)
        if number is None:
            raise ValueError(f"{str(value)[:40]!r} is not a number")
        return number
    if kind == "bool":
        truth = value if isinstance(value, bool) else _truth(value)
        if truth is None:
            raise ValueError(f"{str(value)[:40]!r} is not true or false")
        return truth
    if kind == "list":
        members = [text for text in (_text(v).strip() for v in _members(value, separator)) if text]
        if len(members) > MAX_LIST:
            raise ValueError(f"{len(members)} list members, at most {MAX_LIST}")
        return members
    text = _text(value).strip()
    if len(text) > MAX_ATTRIBUTE_CHARS:
        raise ValueError(f"{len(text)} characters, at most {MAX_ATTRIBUTE_CHARS}")
    return text


def _strings(value: AttributeValue) -> list[str]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _members(value: Any, separator: str) -> Iterable[Any]:
    if isinstance(value, list):
        return value
    text = _text(value)
    parsed = _json_list(text)
    return text.split(separator) if parsed is None else parsed


def _json_list(text: str) -> list[Any] | None:
    if not (text.startswith("[") and text.rstrip().endswith("]")):
        return None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, list) else None


def _truth(value: Any) -> bool | None:
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _joined(values: Mapping[str, Any], sources: Sequence[str]) -> str:
    parts = (_text(values[s]).strip() for s in sources if not is_unknown(values.get(s), "text"))
    return "\n".join(p for p in parts if p)


def _no_controls(name: str, text: str, item_id: str) -> None:
    allowed = "" if name in ("item_id", "image", "url") else "\t\n\r"
    if any(c < " " and c not in allowed for c in text):
        raise RowError(name, "holds a control character", item_id)
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise RowError(name, "invalid Unicode", item_id)


def _existing(target: str, source: str, names: Sequence[str]) -> tuple[str, ...]:
    sources = (source,) if source in names or target not in ITEM_FIELDS else tuple(source.split("+"))
    for name in sources:
        if name not in names:
            raise InvalidRequestError(f"mapping.{target}", f"no column {name!r}; there are: {', '.join(names[:30])}")
    return sources


def _plain(name: str) -> str:
    return "".join(c for c in name.split(":", maxsplit=1)[0].casefold() if c.isalnum())
