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
from .column_guess import guess, measured, refine
from .column_names import BEFORE_NAMES, COST_NAMES, CURRENCY_NAMES, FIELD_NAMES, REGULAR_NAMES, SALE_NAMES, is_price_name, is_size_name, leaf, simple
from .column_sample import Sample
from .identity import made_id, made_title
from .file_readers import Reading
from .layouts import PLAIN, Layout
from .numbers import Decimal, currency_code, decimal_mark, mark_of, number_text
from .values import LISTED, is_blank, is_error

CODES = frozenset({"nan", "null", "na", "none"})
"""Ids that may be meant, such as those of the language Min Nan and of Namibia."""
MAX_FIELD_NAME = 64
MAX_COLUMNS = 200
MIN_INDICATORS = 3
MINOR = frozenset({"cent", "cents", "ct", "minor", "pence", "分"})
AVERAGES = frozenset({"average", "avg", "mean"})
CURRENCY = "the currency of the prices"
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
    id_of: Literal["column", "title", "row"] = Field(default="column", description="What an id is taken from or made of.")
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


def plan_fields(names: Sequence[str], mapping: Mapping[str, str] | None, layout: Layout) -> dict[str, tuple[str, ...]]:
    """Return item field -> columns: by ``mapping`` (target -> column, or columns joined by ``+``), layout or common names.

    Raises:
        InvalidRequestError: a mapped column does not exist, or none holds the id or the title; names ``mapping.TARGET``.
    """
    fields = {t: _existing(t, s, names) for t, s in (mapping or {}).items() if t in ITEM_FIELDS}
    for target, columns in layout.fields.items():  # a mapping file names them in the order of the file
        if set(fields.get(target, ())) <= set(columns):
            fields |= {target: tuple(c for c in columns if c in fields[target])} if target in fields else {}
    for target, columns in layout.fields.items():
        have = tuple(c for c in columns if c in names or (layout.key is not None and target != "url"))
        if target not in fields and have:
            fields[target] = have
    used = {name for sources in fields.values() for name in sources} | {
        s for t, s in (mapping or {}).items() if t not in ITEM_FIELDS
    }
    plain = {simple(name): name for name in reversed(names) if name not in used}
    for target in ITEM_FIELDS:
        found = next((plain[n] for n in FIELD_NAMES[target] if n in plain), None)
        if target not in fields and found is not None and not (target == "text" and layout.fields.get("text")):
            fields[target] = (found,)
            plain.pop(simple(found))
    if "item_id" not in fields and (found := _only_id(names)):
        fields["item_id"] = (found,)
    forms = tuple(n for n in names if any(n.startswith(f"{title}.") for title in fields.get("title", ()))) if layout is PLAIN else ()
    if forms and "text" not in (mapping or {}):  # a title in other forms and languages is searched for, no value to choose
        fields["text"] = (*fields.get("text", ()), *(n for n in forms if n not in used))
    return {target: fields[target] for target in ITEM_FIELDS if target in fields}


def check_fields(
    fields: Mapping[str, Sequence[str]], names: Sequence[str], needed: Sequence[str] = ("item_id", "title")
) -> None:
    """Check that the fields an item needs have a column.

    Raises:
        InvalidRequestError: one has none; names ``mapping.TARGET``.
    """
    for target in needed:
        if target not in fields:
            listed = ", ".join(names[:30])
            raise InvalidRequestError(
                f"mapping.{target}", f"no column for it; add --map {target}=COLUMN, one of: {listed}"
            )


def make_plan(
    samples: Mapping[str, Sample],
    rows: int,
    fields: Mapping[str, tuple[str, ...]],
    layout: Layout,
    choices: Choices,
    units: Mapping[str, str] | None = None,
) -> Plan:
    """Return the plan of a file whose cells were sampled; ``units`` says what a line below its header says the numbers are in.

    Raises:
        InvalidRequestError: a mapped column or a reading is not usable.
    """
    names = [*samples]
    mapped = {_existing(t, s, names)[0]: t for t, s in choices.mapping.items() if t not in ITEM_FIELDS}
    for name in choices.readings:
        _existing("as", name, names)
    field_of = {name: target for target, sources in fields.items() for name in sources}
    leaves = Counter(map(leaf, names))
    file = _File(rows, _usual_mark(samples), choices.separator, len(names) > MAX_COLUMNS, _indicators(samples))
    columns: list[Column] = []
    for name, sample in samples.items():
        reading = choices.readings.get(name, "")
        chosen = bool(reading) or name in mapped
        column = Column(name=name, target=field_of.get(name, ""), filled=sample.filled)
        if name in field_of:
            columns.append(measured(column, sample))
        elif not chosen and (why := _of_no_use(name, sample, layout, file)):
            columns.append(column.model_copy(update={"kind": "ignore", "why": why}))
        else:
            short = _short(name, leaves)
            target = mapped.get(name) or layout.attributes.get(name) or short.strip()
            reading = reading or layout.readings.get(name, "") or ("bool" if name in file.indicators else "")
            unit = (units or {}).get(name, "")
            columns.append(_attribute(column.model_copy(update={"target": target, "unit": unit}), sample, reading, file))
    columns, price, regular = _prices(_in_cents(_currencies(columns, samples), samples), mapped)
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


def _currencies(columns: list[Column], samples: Mapping[str, Sample]) -> list[Column]:
    """Let prices take their currency from a column that holds codes."""
    holder = next((c.name for c in columns if simple(leaf(c.name)) in CURRENCY_NAMES and c.target), "")
    counts = samples[holder].texts() if holder else {}
    codes = {currency_code(text): times for text, times in counts.items() if currency_code(text)}
    if not codes:
        return columns
    usual = max(codes, key=lambda code: codes[code])
    odd = (
        (f"{len(codes)} currencies ({', '.join(codes)}); each but {usual} becomes an attribute of its own",)
        if len(codes) > 1
        else ()
    )
    priced = {"currency_column": holder, "unit": usual}
    made = [
        c.model_copy(update={**priced, "unit": c.unit or usual, "odd": (*c.odd, *odd)}) if c.kind == "price" else c
        for c in columns
    ]
    if made == columns:
        return columns
    used = {"kind": "ignore", "target": "", "why": CURRENCY}
    return [c.model_copy(update=used) if c.name == holder else c for c in made]


def _in_cents(columns: list[Column], samples: Mapping[str, Sample]) -> list[Column]:
    """Let prices be read as cents where a column beside them, such as ``pricing.unit``, says so in every row."""
    said = {
        c.name.rpartition(".")[0]: c.name
        for c in columns
        if simple(leaf(c.name)) in ("unit", "units") and {t.casefold() for t in samples[c.name].texts()} <= MINOR and c.filled
    }
    if not said:
        return columns
    used = {"kind": "ignore", "target": "", "why": "says that prices are cents"}
    made = []
    for c in columns:
        holder = said.get(c.name.rpartition(".")[0], "")
        if c.name == holder:
            c = c.model_copy(update=used)
        elif c.kind == "price" and holder and not c.minor:
            c = measured(c.model_copy(update={"minor": True}), samples[c.name])
        made.append(c)
    return made


def _prices(columns: list[Column], mapped: Mapping[str, str]) -> tuple[list[Column], str, str]:
    """Return the columns with the price called ``price`` where there is an offer beside it, the price and the regular price."""
    priced = [
        c for c in columns if c.kind in ("price", "number") and c.target and (c.kind == "price" or c.target == "price")
    ]
    if "price" in mapped.values():
        return columns, "price", "regular_price" if "regular_price" in mapped.values() else ""
    sale = next((c for n in SALE_NAMES for c in priced if n in (simple(c.name), simple(c.target))), None)
    regular = next(
        (c for n in REGULAR_NAMES for c in priced if c is not sale and n in (simple(c.target), simple(c.name))), None
    )
    if sale is not None and regular is not None:
        targets = {sale.name: "price", regular.name: "regular_price"}
        columns = [c.model_copy(update={"target": targets[c.name], "why": "the offer, where there is one" if c is sale else "the price without an offer"})
                   if c.name in targets else c for c in columns]  # fmt: skip
        return columns, "price", "regular_price"
    named = [c for c in priced if is_price_name(c.target) or c.target == "price"] or [
        c for c in priced if c.kind == "price"
    ]
    best = min(
        named,
        key=lambda c: (
            bool(COST_NAMES.search(simple(c.name))),
            simple(c.name) in BEFORE_NAMES,
            simple(c.target) != "price",
            simple(c.target) not in REGULAR_NAMES,
        ),
        default=None,
    )
    return columns, best.target if best else "", ""


def _only_id(names: Sequence[str]) -> str:
    """Return the column that must be the id: the only one called so, in the first place."""
    ids = [n for n in names if n.casefold().endswith(("_id", "id")) and "user" not in n.casefold()]
    return ids[0] if ids and ids[0] in names[:2] else ""


def _check_names(plan: Plan) -> None:
    long = next((c.target for c in plan.attributes() if len(c.target) > MAX_FIELD_NAME), None)
    if long is not None:
        raise InvalidRequestError(
            "mapping", f"the field name {long[:80]!r} must have 1 to {MAX_FIELD_NAME} characters; rename it with --map"
        )


def _existing(target: str, source: str, names: Sequence[str]) -> tuple[str, ...]:
    sources = (source,) if source in names or target not in ITEM_FIELDS else tuple(source.split("+"))
    for name in sources:
        if name not in names:
            raise InvalidRequestError(f"mapping.{target}", f"no column {name!r}; there are: {', '.join(names[:30])}")
    return sources
