"""Decide what each column of a catalogue file becomes: by what a person says, else by its layout, its name and its cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic import Field

from ...core.errors import InvalidRequestError
from ...core.schemas import FieldType, Frozen
from .column import ITEM_FIELDS, Column, parse_reading, text_of
from .column_guess import UNSEEN, guess, measured, refine
from .column_names import (
    is_size_name,
    leaf,
)
from .column_sample import Sample
from .file_readers import Reading
from .identity import made_id, made_title
from .item_fields import existing
from .layouts import PLAIN, Layout
from .numbers import Decimal, decimal_mark, mark_of, number_text
from .prices import in_cents, named_prices, with_currencies
from .values import LISTED, decided_order, is_blank, is_error

CODES = frozenset({"nan", "null", "na", "none"})
"""Ids that may be meant, such as those of the language Min Nan and of Namibia."""
MAX_FIELD_NAME = 64
MAX_COLUMNS = 200
MIN_INDICATORS = 3
AVERAGES = frozenset({"average", "avg", "mean"})
SPARSE = 0.02
"""Of a file with more columns than ``MAX_COLUMNS``, those that say something in less than this share of rows are left out."""
_NUMERIC = re.compile(r"\D{0,6}[\d.,' ]*\d\D{0,6}")


@dataclass(frozen=True)
class Choices:
    """What a person says of a file; the rest is found out.

    Args:
        mapping: target (item_id, title, text, image, url or an attribute) -> column, or columns joined by ``+``.
        readings: column -> how its cells are read, such as ``list:,``.
        separator: what separates the members of every list.
        how: encoding, delimiter and sheet.
        layout: the name of a layout, ``table`` for none.
        only: attributes that are updated; of the others nothing is read.
        merge: how rows of one item are put together, see ``layouts.MERGE``.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""
    how: Reading = field(default_factory=Reading)
    layout: str = ""
    only: tuple[str, ...] = ()
    merge: Mapping[str, str] = field(default_factory=dict)


class Plan(Frozen):
    """What a file is taken for."""

    layout: str = Field(description="The layout it was recognised as.")
    rows: int = Field(default=0, description="Items in the file.")
    variants: int = Field(default=0, description="Variants of those that come in several.")
    read_as: str = Field(default="", description="Encoding and delimiter.")
    fields: dict[str, tuple[str, ...]] = Field(description="Item field -> the columns it is taken from.")
    firsts: frozenset[str] = Field(
        default=frozenset(), description="Fields that take the first of their columns, not all."
    )
    columns: tuple[Column, ...] = Field(description="Every column.")
    price: str = Field(default="", description="The attribute that is the price.")
    regular: str = Field(default="", description="The attribute that is the price without an offer.")
    made_of: tuple[str, ...] = Field(
        default=(), description="In a file without titles, the columns that a title is put together from."
    )
    id_of: Literal["column", "title", "row"] = Field(
        default="column", description="What an id is taken from or made of."
    )
    missing_ids: frozenset[str] = Field(
        default=frozenset(),
        exclude=True,
        description="Words such as `null` that stand for no id, as several rows have them.",
    )
    left_out: dict[str, int] = Field(default_factory=dict, description="Why rows are left out -> how many.")
    notes: tuple[str, ...] = Field(default=(), description="What concerns the whole file.")

    def attributes(self) -> tuple[Column, ...]:
        """Return the columns that become attributes."""
        return tuple(c for c in self.columns if c.target and c.target not in ITEM_FIELDS)

    def types(self) -> dict[str, FieldType]:
        """Return attribute -> type."""
        return {c.target: c.type for c in self.attributes()}

    def in_short(self) -> tuple[str, ...]:
        """Return what each column was taken for, one line a column; those of no use together."""
        used = [
            f"{c.name} -> {c.target}" + ("" if c.target in ITEM_FIELDS else f" ({c.reading})")
            for c in self.columns
            if c.target
        ]
        unused = [c.name for c in self.columns if not c.target and c.filled]
        return (*used, *([f"not used: {', '.join(unused)}"] if unused else []))

    def oddities(self) -> tuple[str, ...]:
        """Return what looks odd, with the option that changes it."""
        return (*self.notes, *(f"{c.name}: {odd}" for c in self.columns for odd in c.odd))

    def item_id(self, row: Mapping[str, Any]) -> str:
        """Return the item id in a row, or an empty string."""
        return self.field(row, "item_id")

    def field(self, row: Mapping[str, Any], target: str) -> str:
        """Return an item field of a row."""
        if target == "title" and self.made_of:
            return made_title(self.made_of, row)
        if target == "item_id" and self.id_of != "column":
            return made_id(self.field(row, "title"), row, whole=self.id_of == "row")
        if target == "item_id" and (code := self._code(row)):
            return code
        words = target != "title"  # a title may be "Null" or "?"
        cells = (
            text_of(row[name])
            for name in self.fields.get(target, ())
            if not is_blank(row.get(name), words=words) and not is_error(row.get(name))
        )
        known = [cell for cell in cells if cell]
        if target in ("image", "url"):  # of several pictures the first
            known = [cell.split("\n")[0] for cell in known]
        return (known[0] if known else "") if target in self.firsts else "\n".join(known)

    def _code(self, row: Mapping[str, Any]) -> str:
        """Return an id that programs also write for nothing, such as ``nan``, where only one row has it."""
        text = "".join(
            text_of(row[name]) for name in self.fields.get("item_id", ())[:1] if isinstance(row.get(name), str)
        )
        return text if text.casefold() in CODES and text not in self.missing_ids else ""


class Beside(NamedTuple):
    """What a file says of its columns beside their cells: the units in a line below the header, and which name other items by their ids."""

    units: Mapping[str, str] = {}
    linked: frozenset[str] = frozenset()


def make_plan(
    samples: Mapping[str, Sample],
    rows: int,
    fields: Mapping[str, tuple[str, ...]],
    layout: Layout,
    choices: Choices,
    *,
    beside: Beside | None = None,
) -> Plan:
    """Return the plan of a file whose cells were sampled; ``beside`` is what else the file says of its columns.

    Raises:
        InvalidRequestError: a mapped column or a reading is not usable.
    """
    names = [*samples]
    mapped = {existing(t, s, names)[0]: t for t, s in choices.mapping.items() if t not in ITEM_FIELDS}
    for name in choices.readings:
        existing("as", name, names)
    field_of = {name: target for target, sources in fields.items() for name in sources}
    leaves = Counter(map(leaf, names))
    file = _File(rows, _usual_mark(samples), choices.separator, len(names) > MAX_COLUMNS, _indicators(samples))
    other = beside or Beside()
    columns: list[Column] = []
    for name, sample in samples.items():
        reading = choices.readings.get(name, "")
        chosen = bool(reading) or name in mapped
        column = Column(name=name, target=field_of.get(name, ""), filled=sample.filled)
        if name in field_of:
            columns.append(measured(column, sample))
        elif not chosen and name in other.linked:
            columns.append(column.model_copy(update={"kind": "ignore", "why": "names other items"}))
        elif not chosen and (why := _of_no_use(name, sample, layout, file)):
            columns.append(column.model_copy(update={"kind": "ignore", "why": why}))
        else:
            short = _short(name, leaves)
            target = mapped.get(name) or layout.attributes.get(name) or short.strip()
            reading = reading or layout.readings.get(name, "") or ("bool" if name in file.indicators else "")
            unit = other.units.get(name, "")
            columns.append(
                _attribute(column.model_copy(update={"target": target, "unit": unit}), sample, reading, file)
            )
    columns = _dates(columns, samples, choices)
    columns, price, regular = named_prices(in_cents(with_currencies(columns, samples), samples), mapped)
    firsts = frozenset(t for t, sources in fields.items() if _takes_first(t, sources, layout, choices))
    plan = Plan(
        layout=layout.name, rows=rows, fields=dict(fields), firsts=firsts, columns=tuple(columns), price=price, regular=regular
    )  # fmt: skip
    _check_names(plan)
    return plan


def _short(name: str, leaves: Mapping[str, int]) -> str:
    """Return what the attribute of a column is called: the last part of its path, ``rating`` of ``rating.average``."""
    last = leaf(name)
    parent = leaf(name[: -len(last) - 1]) if last != name else ""
    if parent and last.casefold() in AVERAGES and parent not in leaves:
        return parent
    if parent and last.casefold() == "count":
        return f"{parent}_count"
    return last if leaves[last] == 1 and last not in ITEM_FIELDS and last.isascii() else name


def _takes_first(target: str, sources: Sequence[str], layout: Layout, choices: Choices) -> bool:
    """Return whether an item field takes the first of its columns, as a layout does and a mapping file that repeats it; else all joined."""
    own = target not in choices.mapping or set(sources) <= set(layout.fields.get(target, ()))
    return layout is not PLAIN and target != "text" and own


class _File(NamedTuple):
    """What all columns of a file are read with."""

    rows: int
    usual: Decimal | None
    separator: str
    wide: bool
    indicators: frozenset[str]


def _indicators(samples: Mapping[str, Sample]) -> frozenset[str]:
    """Return the columns of zeros and ones where there are several: each says whether the item is what the column is called."""
    found = [name for name, sample in samples.items() if sample.filled and set(sample.texts()) == {"0", "1"}]
    return frozenset(found if len(found) >= MIN_INDICATORS else [])


def _of_no_use(name: str, sample: Sample, layout: Layout, file: _File) -> str:
    if layout.leaves(name):
        return f"of no use in {layout.name}"
    return "hardly ever filled" if file.wide and sample.filled < SPARSE * file.rows else ""


def _attribute(column: Column, sample: Sample, reading: str, file: _File) -> Column:
    """Return the column of an attribute, read as said or else as its cells look."""
    if reading:
        said = parse_reading(column.name, reading)
        if said["kind"] == "ignore":
            return column.model_copy(update={"kind": "ignore", "target": "", "why": "as you said"})
        details = {key: value for key, value in said.items() if key != "kind"}
        found = column.model_copy(update={**said, "sizes": is_size_name(column.name)})
        found = refine(found, sample, file.usual).model_copy(update=details)
    else:
        found = guess(column.name, sample, file.usual, file.rows)
        if found.kind in ("number", "price") and not found.unit:
            found = found.model_copy(update={"unit": column.unit})
    if found.kind == "ignore":
        return found
    listed = found.kind == "text" and file.separator and sample.share(lambda v: file.separator in text_of(v)) >= LISTED
    if file.separator and (found.kind == "list" or listed):
        found = found.model_copy(update={"kind": "list", "separators": (file.separator,), "odd": ()})
    return measured(found.model_copy(update={"target": column.target}), sample)


def _usual_mark(samples: Mapping[str, Sample]) -> Decimal | None:
    """Return the decimal mark that the file's numbers show without doubt, or None."""
    texts = [
        (number_text(t), n)
        for name, s in samples.items()
        if not is_size_name(name) and s.share(lambda v: bool(_NUMERIC.fullmatch(text_of(v)))) >= 0.9
        for t, n in s.texts().items()
    ]
    shown = [(text, times) for text, times in texts if mark_of(text) in (".", ",")]
    return decimal_mark(shown, None, price=False)[0] if shown else None


def _dates(columns: list[Column], samples: Mapping[str, Sample], choices: Choices) -> list[Column]:
    """Let dates that leave open which of day and month comes first be read as those of another column of the file."""
    orders = {c.name: decided_order(samples[c.name].texts()) for c in columns if c.kind == "date"}
    decided = Counter(order for order in orders.values() if order)
    if not decided:
        return columns
    usual = decided.most_common(1)[0][0]
    like = next(name for name, order in orders.items() if order == usual)

    def settled(c: Column) -> Column:
        if c.kind != "date" or orders[c.name] or c.order == usual or c.name in choices.readings:
            return c
        said = f"{UNSEEN}; read as in {like!r}: else --as '{c.name}=date:{c.order}'"
        odd = tuple(said if o.startswith(UNSEEN) else o for o in c.odd)
        return measured(c.model_copy(update={"order": usual, "odd": odd}), samples[c.name])

    return [settled(c) for c in columns]


def _check_names(plan: Plan) -> None:
    long = next((c.target for c in plan.attributes() if len(c.target) > MAX_FIELD_NAME), None)
    if long is not None:
        raise InvalidRequestError(
            "mapping", f"the field name {long[:80]!r} must have 1 to {MAX_FIELD_NAME} characters; rename it with --map"
        )
