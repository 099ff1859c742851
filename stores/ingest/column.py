"""One column of a file: what it becomes, how its cells are read, and what was seen of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from pydantic import Field

from ...core.errors import InvalidRequestError
from ...core.schemas import AttributeValue, FieldType, Frozen
from .markup import plain_text
from .numbers import Decimal, currency_code, mark_of, money_in, number_in, number_text, tidy
from .numbers_beside import number_beside
from .quantities import AT_LEAST, in_unit, measure_in, quantity_in
from .values import TICKS, DayOrder, clock_in, is_blank, is_error, is_unknown, iso, split, time_in, truth_in

Kind = Literal["text", "number", "price", "bool", "list", "date", "time", "ignore"]
ITEM_FIELDS = ("item_id", "title", "text", "image", "url")
MAX_ATTRIBUTE_CHARS = 20_000
MAX_LIST = 1_000
_FIELD_TYPES: dict[Kind, FieldType] = {"number": "number", "price": "number", "bool": "bool", "list": "list"}
_MARKS: dict[str, Decimal] = {"comma": ",", "dot": "."}
READINGS = "text, number, price, bool, list, date, time or ignore, with details after a colon: number:comma, price:EUR, price:cents, list:, or date:mdy"


class Column(Frozen):
    """A column of the file, what its cells are taken for, and what looks odd about them."""

    name: str = Field(description="The column's name in the file.")
    target: str = Field(default="", description="item_id, title, text, image, url, an attribute's name, or nothing.")
    kind: Kind = Field(default="text", description="How its cells are read.")
    unit: str = Field(default="", description="The unit of its numbers, of a price the currency.")
    beside: str = Field(default="", description="A word beside its numbers that is no unit: the pp of '40 pp.'.")
    decimal: Decimal = Field(
        default=".", description="What a single mark before three digits is, if it is not thousands."
    )
    thousandths: bool = Field(
        default=True, description="Whether such a number is read; else it is left out as doubtful."
    )
    separators: tuple[str, ...] = Field(default=(), description="What separates the members of its lists.")
    order: DayOrder = Field(default="dmy", description="Which of day and month comes first in 05/01/2024.")
    currency_column: str = Field(default="", description="The column that holds the currency of its prices.")
    minor: bool = Field(
        default=False, description="Whether its prices are in cents, or whatever a hundredth is called."
    )
    ticks: bool = Field(default=False, description="Whether a tick says yes, and a cross, a dash or an empty cell no.")
    sizes: bool = Field(default=False, description="Whether ranges such as 40-44 stand for every size between.")
    why: str = Field(default="", description="How it was recognised, or why it is left out.")
    samples: tuple[str, ...] = Field(default=(), description="Three values as they are read.")
    filled: int = Field(default=0, description="Rows that say something.")
    read: float = Field(default=1.0, description="Share of the filled cells that can be read.")
    odd: tuple[str, ...] = Field(default=(), description="What looks odd, with the option that changes it.")

    @property
    def type(self) -> FieldType:
        """The type of the attribute."""
        return _FIELD_TYPES.get(self.kind, "text")

    @property
    def reading(self) -> str:
        """How the cells are read, as ``--as`` and the mapping file say it."""
        mark = {",": "comma", ".": ""}[self.decimal]
        detail = {
            "number": ":".join(filter(None, [mark, self.unit])),
            "price": ":".join(filter(None, [mark, "cents" if self.minor else "", self.unit])),
            "list": "".join(self.separators),
            "date": self.order if self.order != "dmy" else "",
        }.get(self.kind, "")
        return f"{self.kind}:{detail}" if detail else self.kind


def parse_reading(name: str, reading: str) -> dict[str, Any]:
    """Return what ``--as NAME=READING`` sets of a column.

    Raises:
        InvalidRequestError: not a reading; names ``--as NAME``.
    """
    kind, _, detail = reading.partition(":")
    if kind not in get_args(Kind):
        raise InvalidRequestError(f"--as {name}", f"{reading!r} is none of {READINGS}")
    found: dict[str, Any] = {"kind": kind}
    if kind == "list":
        return found | {"separators": tuple(detail)}
    for part in filter(None, detail.split(":")):
        said = _detail(kind, part)
        if not said:
            raise InvalidRequestError(f"--as {name}", f"{part!r} of {reading!r} is not understood: {READINGS}")
        found |= said
    return found


def _detail(kind: str, part: str) -> dict[str, Any]:
    """Return what one detail of a reading sets, nothing where it is not understood."""
    if kind in ("number", "price") and part in _MARKS:
        return {"decimal": _MARKS[part], "thousandths": True}
    if kind == "price" and part == "cents":
        return {"minor": True}
    if kind == "price" and currency_code(part):
        return {"unit": currency_code(part)}
    if kind == "date" and part in get_args(DayOrder):
        return {"order": part}
    return {"unit": part} if kind == "number" else {}


def read_cell(column: Column, row: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Return the attributes that the cell of ``column`` in ``row`` gives; most give one, none when it says nothing.

    A price in another currency than the column's goes to an attribute of its own (``price_usd``), and what a price is for
    to ``price_per``, so that amounts that cannot be compared never are.

    Raises:
        ValueError: the cell cannot be read as the column is; says why.
    """
    value = row.get(column.name)
    if is_error(value):
        raise ValueError(f"{shown(value)} is the error of a formula")
    if is_blank(value) if column.kind == "text" else is_unknown(value):
        return {column.target: False} if column.ticks and column.name in row else {}
    if column.kind == "price":
        return _price(column, value, row)
    made = _READERS[column.kind](column, value)
    return {} if made in ("", []) else {column.target: made}


def _text(column: Column, value: Any) -> str:
    text = text_of(value)
    if len(text) > MAX_ATTRIBUTE_CHARS:
        raise ValueError(f"{len(text)} characters, at most {MAX_ATTRIBUTE_CHARS}")
    return text


def _date(column: Column, value: Any) -> str:
    at = time_in(value, column.order)
    if at is None:
        raise ValueError(f"{shown(value)} is no date")
    return iso(at)


def _clock(column: Column, value: Any) -> str:
    at = clock_in(value)
    if at is None:
        raise ValueError(f"{shown(value)} is no time of day")
    return at


def _price(column: Column, value: Any, row: Mapping[str, Any]) -> dict[str, AttributeValue]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        amount, code, per = float(value), "", ""
    else:
        text = text_of(value)
        money = money_in(text, column.decimal)
        if money is None:
            raise ValueError(f"{shown(value)} is no price")
        if not column.thousandths and mark_of(number_text(text)) == "?" and column.decimal in number_text(text):
            raise ValueError(f"{shown(value)} may be thousands or decimals")
        amount, code, per = money.amount, money.currency, money.per
    signed = bool(code)
    code = (
        column.unit
        if code == "JPY" and column.unit == "CNY" and not isinstance(value, int | float) and "¥" in text_of(value)
        else code
    )
    code = code or currency_code(text_of(row.get(column.currency_column) or "")) or column.unit
    own = not code or code == column.unit
    amount = round(amount / 100, 6) if column.minor and not signed else amount
    name = column.target if own else f"{column.target}_{code.lower()}"
    made: dict[str, AttributeValue] = {name: amount}
    return made | {f"{column.target}_per": per} if per else made


def _number(column: Column, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = text_of(value)
    number = number_in(text, column.decimal)
    if number is None and (quantity := quantity_in(text, column.decimal)) is not None:
        open_ended = quantity.unit == AT_LEAST and not column.unit
        number = in_unit(quantity, column.unit) if column.unit else quantity.number if open_ended else None
    if number is None and (measure := measure_in(text, column.decimal)) is not None:
        number = measure.number if not measure.unit else in_unit(measure, column.unit) if column.unit else None
    if number is None and column.beside:
        number = number_beside(text, column.beside, column.decimal)
    if number is None:
        raise ValueError(f"{shown(value)} is no number" + (f" of {column.unit}" if column.unit else ""))
    return number


def _truth(column: Column, value: Any) -> bool:
    truth = text_of(value).casefold() in TICKS if column.ticks else truth_in(value)
    if truth is None and text_of(value) in ("0", "1"):
        truth = text_of(value) == "1"
    if truth is None:
        raise ValueError(f"{shown(value)} is neither yes nor no")
    return truth


def _members(column: Column, value: Any) -> list[str]:
    found = value if isinstance(value, list) else json_list(value)
    parts = (
        [text_of(v).replace("\n", " ") for v in found if not is_unknown(v)] if found is not None else [text_of(value)]
    )
    members = [m for part in parts for m in split(part, column.separators if found is None else (), sizes=column.sizes)]
    if len(members) > MAX_LIST:
        raise ValueError(f"{len(members)} list members, at most {MAX_LIST}")
    return [*dict.fromkeys(members)]


_READERS: dict[Kind, Callable[[Column, Any], AttributeValue]] = {
    "text": _text,
    "number": _number,
    "bool": _truth,
    "list": _members,
    "date": _date,
    "time": _clock,
}


def json_list(value: Any) -> list[Any] | None:
    """Return the list that a cell of text holds as JSON or as Python writes it, or None."""
    if not isinstance(value, str) or not (value.startswith("[") and value.rstrip().endswith("]")):
        return None
    import ast

    for parse in (json.loads, ast.literal_eval):
        try:
            parsed = parse(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return parsed if isinstance(parsed, list) else None
    return None


def text_of(value: Any) -> str:
    """Return a cell as text: without markup, whole numbers without a point, the members of a list joined by lines."""
    if isinstance(value, str):
        return plain_text(value).strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list) and not any(isinstance(v, dict | list) for v in value):
        return "\n".join(text_of(v) for v in value if not is_unknown(v))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def shown(value: Any) -> str:
    """Return a cell for a message, in quotes and short."""
    return repr(tidy(text_of(value))[:40])
