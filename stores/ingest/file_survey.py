"""Read a file once before ingesting it: how many rows, which ids come twice, and what every column is taken for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ...core.errors import InvalidRequestError
from .column import text_of
from .column_names import GROUP_NAMES, INDEX_NAMES, is_price_name, simple
from .column_sample import Sample
from .events_plan import USER_NAMES
from .file_readers import HEADER_SAMPLE, read_records, said_of
from .identity import title_parts
from .item_fields import check_fields, plan_fields
from .layouts import LAYOUTS, PLAIN, Layout, item_rows, layout_of, under_rule
from .numbers import currency_code, money_in
from .plan import CODES, Beside, Choices, Plan, make_plan
from .quantities import quantity_in, unit_called
from .records import Record
from .values import is_unknown
from .variants import VARIANTS

IdOf = Literal["column", "title", "row"]
MIN_ROWS, MIN_OTHER_ROWS, MAX_ID = 3, 20, 64
"""Rows that must differ before a column is taken for the id: called a code, or otherwise; and the length of its values."""
_CODE = re.compile(r"(?=.*\d)[A-Za-z]{1,4}[-_.]?\d[\w.-]*", re.ASCII)
MIN_LINKED, LINKED = 5, 0.8
"""Distinct values a column must have, and the share of them that must be ids of the file, before it is taken for links between items."""
_LINK = re.compile(r"(?=.*[_\d-])(?!\d+$)[\w.:-]+")
_CODES = re.compile(r"(?:code|number|key|ref|nr|no|nummer|id)\.?$", re.IGNORECASE)


@dataclass(frozen=True)
class Survey:
    """What is known of a file before its rows are read: ``last_line`` holds the ids that come more than once."""

    path: Path
    plan: Plan
    layout: Layout
    choices: Choices
    lines: int
    last_line: Mapping[str, int]
    second_header: int = 0

    def records(self, left_out: dict[str, int] | None = None) -> Iterator[Record]:
        """Yield one record an item."""
        return item_rows(_rows(self.path, self.choices, self.second_header), self.layout, left_out)


def _rows(path: Path, said: Choices, skipped: int) -> Iterator[Record]:
    return (r for r in read_records(path, said.how) if r.line != skipped)


def survey(path: Path, choices: Choices | None = None) -> Survey:
    """Survey ``path``.

    Raises:
        InvalidRequestError: the file, its header, the mapping or a reading is not usable.
    """
    said = choices or Choices()
    first = [*islice(read_records(path, said.how), HEADER_SAMPLE)]
    skipped = _second_header(first)
    head = [record.values for record in first if record.line != skipped or record.problem]
    raw_names = [*dict.fromkeys(name for values in head for name in values)]
    layout = _layout(said, raw_names)
    names = [
        *dict.fromkeys(n for r in item_rows((Record(1, v) for v in head), layout) for n in r.values if n != VARIANTS)
    ] or raw_names
    fields = plan_fields(names, said.mapping, layout)
    notes = _groups(head, layout, said)
    units = _units(first[0].values) if skipped else {}
    if skipped:
        use = f", taken for the units of the columns ({', '.join(units.values())})" if units else " and is left out"
        notes += (f"line {skipped} is a second header of words{use}",)
    if "item_id" not in fields and (taken := _all_different(head, fields)):
        fields["item_id"] = (taken,)
        notes += (
            f"no column is called an id; {taken!r} is taken, for no value comes twice; else: --map item_id=COLUMN",
        )
    draft = _draft(head, fields, names, layout, said)
    left_out: dict[str, int] = {}
    seen = _sampled(item_rows(_rows(path, said, skipped), layout, left_out), draft)
    if draft.id_of == "title" and seen.last_line:  # two rows share a title
        draft = draft.model_copy(update={"id_of": "row"})
        seen = _sampled(item_rows(_rows(path, said, skipped), layout, left_out), draft)
    notes += _said_of_made(draft)
    samples, last_line = seen.samples, seen.last_line
    for name in names:
        samples.setdefault(name, Sample())
    twice = frozenset(i for i in last_line if i.casefold() in CODES)
    notes += _said_of_codes({i for i in seen.ids if i.casefold() in CODES}, twice)
    last_line = {i: line for i, line in last_line.items() if i not in twice}
    linked = (
        frozenset(name for name, sample in samples.items() if _names_items(sample, seen.ids))
        if layout is PLAIN
        else frozenset[str]()
    )
    plan = make_plan(samples, seen.lines, fields, layout, said, beside=Beside(units, linked))
    plan = plan.model_copy(
        update={
            "made_of": draft.made_of,
            "id_of": draft.id_of,
            "notes": notes,
            "missing_ids": twice,
            "left_out": left_out,
            "read_as": said_of(path, said.how),
            "variants": seen.variants,
        }
    )
    return Survey(path, plan, layout, said, seen.lines, last_line, skipped)


def _draft(
    head: Sequence[Mapping[str, Any]],
    fields: Mapping[str, tuple[str, ...]],
    names: Sequence[str],
    layout: Layout,
    said: Choices,
) -> Plan:
    """Return a plan that tells ids and titles, with what they are made of where no column holds them.

    Raises:
        InvalidRequestError: an item's id or title can neither be read nor made; names ``mapping.TARGET``.
    """
    makes = layout is PLAIN and not said.only
    made_of = _made_of(head, fields) if makes and "title" not in fields else ()
    have = {**fields, "title": made_of} if made_of else fields
    id_of: IdOf = "title" if makes and "item_id" not in fields and "title" in have else "column"
    have = have if id_of == "column" else {**have, "item_id": ()}
    check_fields(have, names, ("item_id",) if said.only else ("item_id", "title"))
    firsts = frozenset({"item_id"}) if layout is not PLAIN else frozenset[str]()
    return Plan(layout="", fields=dict(fields), firsts=firsts, columns=(), made_of=made_of, id_of=id_of)


def _made_of(head: Sequence[Mapping[str, Any]], fields: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the columns that the titles of a file without titles are put together from; none in a file of events."""
    if any(simple(name) in USER_NAMES for row in head[:1] for name in row):
        return ()
    samples: dict[str, Sample] = {}
    for row in head:
        for name, value in row.items():
            samples.setdefault(name, Sample()).add(value)
    return title_parts(samples, len(head), [name for sources in fields.values() for name in sources])


def _said_of_made(plan: Plan) -> tuple[str, ...]:
    """Say of what titles and ids are made, with the option that changes it."""
    said = []
    if plan.made_of:
        said.append(
            f"no column holds titles; they are put together from {', '.join(plan.made_of)}; else: --map title=COLUMN"
        )
    if plan.id_of == "title":
        said.append(
            "no column holds ids; they are made from the titles, so that a new title is a new item; else: --map item_id=COLUMN"
        )
    if plan.id_of == "row":
        said.append(
            "no column holds ids and titles come twice: ids are made from whole rows, so that a row that changes is a new item and the "
            "old one goes with --prune; else: --map item_id=COLUMN"
        )
    return tuple(said)


def _said_of_codes(codes: Set[str], twice: Set[str]) -> tuple[str, ...]:
    """Say what ids are taken for that look like words for nothing, such as NA."""
    once = "is read as a code, for only one row has it; if it stands for nothing, correct the file"
    said = [f"the id {code!r} {once}" for code in sorted(codes - twice)]
    return (*said, *(f"the id {code!r} is taken for none, for several rows have it" for code in sorted(twice)))


class _Seen(NamedTuple):
    """What a whole file holds: a sample of every column, its ids, the last line of ids that come more than once."""

    samples: dict[str, Sample]
    ids: set[str]
    last_line: dict[str, int]
    lines: int
    variants: int


def _sampled(records: Iterable[Record], draft: Plan) -> _Seen:
    samples: dict[str, Sample] = {}
    seen: set[str] = set()
    last_line: dict[str, int] = {}
    lines = variants = 0
    for record in records:
        lines += 1
        variants += len(record.values.get(VARIANTS, ()))
        if record.problem:
            continue
        item_id = draft.item_id(record.values)
        if item_id in seen:
            last_line[item_id] = record.line
        seen.add(item_id)
        for name, value in record.values.items():
            if name != VARIANTS:
                samples.setdefault(name, Sample()).add(value)
        for name, value in _own_prices(record.values):
            samples.setdefault(name, Sample()).add(value)
    return _Seen(samples, seen, last_line, lines, variants)


def _own_prices(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (column, cell) of the prices that only a product's variants have."""
    for variant in row.get(VARIANTS, ()):
        for name, value in variant.row.items():
            if is_price_name(name) and is_unknown(row.get(name)):
                yield name, value


def _second_header(head: Sequence[Record]) -> int:
    """Return the line of a first row that says in words what the columns are, where the others hold numbers; 0 if there is none."""
    rows = [r.values for r in head if not r.problem]
    if len(rows) < MIN_ROWS + 1:
        return 0
    first, others = rows[0], rows[1:]
    numeric = [
        name for name in first
        if (cells := [v for row in others if not is_unknown(v := row.get(name))]) and all(map(_is_amount, cells))
    ]  # fmt: skip
    words = [
        name
        for name in numeric
        if isinstance(v := first[name], str) and not is_unknown(v) and not any(c.isdigit() for c in v)
    ]
    return head[0].line if len(words) >= 2 and len(words) == len(numeric) else 0


def _names_items(sample: Sample, ids: set[str]) -> bool:
    """Return whether a column holds the ids of other items, such as ``looks_like`` and ``related``: codes that nobody asks for."""
    texts = {part for text in sample.texts() for part in text.split("\n")}
    if len(texts) < MIN_LINKED or sum(text in ids for text in texts) < LINKED * len(texts):
        return False
    return 2 * sum(bool(_LINK.fullmatch(text)) for text in texts) >= len(texts)


def _units(row: Mapping[str, Any]) -> dict[str, str]:
    """Return column -> unit or currency of a line below the header that holds nothing else."""
    words = {name: text_of(value) for name, value in row.items() if not is_unknown(value)}
    units = {
        name: unit_called(word.strip("()[] ")) or currency_code(word.strip("()[] ")) for name, word in words.items()
    }
    return units if units and all(units.values()) else {}


def _is_amount(value: Any) -> bool:
    if isinstance(value, int | float):
        return True
    text = text_of(value)
    return any(c.isdigit() for c in text) and (money_in(text) is not None or quantity_in(text) is not None)


def _layout(said: Choices, names: Sequence[str]) -> Layout:
    layout = layout_of(names)
    if said.layout and said.layout.casefold() != layout.name.casefold():
        layout = _named(said.layout)
    if not said.merge:
        return layout
    used = [column for role, part in said.merge.items() if role != "prefer" for column in part.split("+")]
    if missing := next((column for column in used if column not in names), ""):
        raise InvalidRequestError("--merge", f"no column {missing!r}; there are: {', '.join(names[:30])}")
    return under_rule(layout, said.merge)


def _groups(head: Sequence[Mapping[str, Any]], layout: Layout, said: Choices) -> tuple[str, ...]:
    """Say that a column looks like the product that several rows are variants of."""
    if layout is not PLAIN or said.merge:
        return ()
    for name in dict.fromkeys(name for row in head for name in row):
        groups = [text_of(row[name]) for row in head if not is_unknown(row.get(name))]
        if simple(name) in GROUP_NAMES and len(set(groups)) < len(groups):
            return (f"{name!r} may say which rows are variants of one product; if so: --merge by={name}",)
    return ()


def _all_different(head: Sequence[Mapping[str, Any]], fields: Mapping[str, tuple[str, ...]]) -> str:
    """Return the column that tells rows apart: short, never empty, never twice; row numbers only where there is no other."""
    used = {name for sources in fields.values() for name in sources}
    rows = [row for row in head if row]
    found = []
    for name in dict.fromkeys(name for row in rows for name in row):
        cells = {text_of(row.get(name) or "") for row in rows}
        plain = all(0 < len(cell) <= MAX_ID and not any(c.isspace() for c in cell) for cell in cells)
        called = simple(name) in INDEX_NAMES or _CODES.search(name) or all(map(_CODE.fullmatch, cells))
        enough = len(rows) >= (MIN_ROWS if called else MIN_OTHER_ROWS)
        if enough and plain and len(cells) == len(rows) and name not in used and not is_price_name(name):
            found.append(name)
    return min(found, key=lambda name: simple(name) in INDEX_NAMES, default="")


def _named(name: str) -> Layout:
    found = next((layout for layout in (PLAIN, *LAYOUTS) if layout.name.casefold() == name.casefold()), None)
    if found is None:
        known = ", ".join(dict.fromkeys(layout.name for layout in (PLAIN, *LAYOUTS)))
        raise InvalidRequestError("layout", f"{name!r} is none of {known}")
    return found
