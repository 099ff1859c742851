"""Read a file once before ingesting it: how many rows, which ids come twice, and what every column is taken for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ...core.errors import InvalidRequestError
from .column_sample import Sample
from .file_readers import HEADER_SAMPLE, Record, read_records, said_of
from .layouts import LAYOUTS, PLAIN, Layout, item_rows, layout_of
from .plan import Choices, Plan, check_fields, make_plan, plan_fields


@dataclass(frozen=True)
class Survey:
    """What is known of a file before its rows are read: ``last_line`` holds the ids that come more than once."""

    path: Path
    plan: Plan
    layout: Layout
    choices: Choices
    lines: int
    last_line: Mapping[str, int]

    def records(self, left_out: dict[str, int] | None = None) -> Iterator[Record]:
        """Yield one record an item."""
        return item_rows(read_records(self.path, self.choices.how), self.layout, left_out)


def survey(path: Path, choices: Choices | None = None) -> Survey:
    """Survey ``path``.

    Raises:
        InvalidRequestError: the file, its header, the mapping or a reading is not usable.
    """
    said = choices or Choices()
    head = [record.values for record in islice(read_records(path, said.how), HEADER_SAMPLE)]
    raw_names = [*dict.fromkeys(name for values in head for name in values)]
    layout = _named(said.layout) if said.layout else layout_of(raw_names)
    names = [*dict.fromkeys(n for r in item_rows((Record(1, v) for v in head), layout) for n in r.values)] or raw_names
    fields = plan_fields(names, said.mapping, layout)
    check_fields(fields, names, ("item_id",) if said.only else ("item_id", "title"))
    samples: dict[str, Sample] = {}
    seen: set[str] = set()
    last_line: dict[str, int] = {}
    left_out: dict[str, int] = {}
    draft = Plan(
        layout="", fields=fields, firsts=frozenset({"item_id"}) if layout is not PLAIN else frozenset(), columns=()
    )
    lines = 0
    for record in item_rows(read_records(path, said.how), layout, left_out):
        lines += 1
        if record.problem:
            continue
        item_id = draft.item_id(record.values)
        if item_id in seen:
            last_line[item_id] = record.line
        seen.add(item_id)
        for name, value in record.values.items():
            if (sample := samples.get(name)) is None:
                sample = samples[name] = Sample()
            sample.add(value)
    for name in names:
        samples.setdefault(name, Sample())
    plan = make_plan(samples, lines, fields, layout, said)
    plan = plan.model_copy(update={"left_out": left_out, "read_as": said_of(path, said.how)})
    return Survey(path, plan, layout, said, lines, last_line)


def _named(name: str) -> Layout:
    found = next((layout for layout in (PLAIN, *LAYOUTS) if layout.name.casefold() == name.casefold()), None)
    if found is None:
        known = ", ".join(dict.fromkeys(layout.name for layout in (PLAIN, *LAYOUTS)))
        raise InvalidRequestError("layout", f"{name!r} is none of {known}")
    return found
