"""Keep how a file is read in ``catalogue.toml``, for later runs and colleagues: columns, readings, encoding, events."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError
from .column import ITEM_FIELDS
from .events_plan import EventChoices, EventPlan
from .file_readers import Reading
from .plan import Choices, Plan
from .prices import CURRENCY

NAME = "catalogue.toml"
MATCHING = 0.5
"""A mapping file belongs to a file that has at least this share of its columns."""
_TOP = {"layout", "encoding", "delimiter", "sheet", "columns", "events", "kinds", "merge"}


@dataclass(frozen=True)
class Mapping:
    """What a mapping file says of a catalogue and of its events."""

    choices: Choices = field(default_factory=Choices)
    events: EventChoices = field(default_factory=EventChoices)
    columns: tuple[str, ...] = ()

    def fits(self, names: Sequence[str]) -> bool:
        """Return whether a file with the columns ``names`` is of the kind that was mapped."""
        return not self.columns or sum(c in names for c in self.columns) >= MATCHING * len(self.columns)


def read_mapping(path: Path) -> Mapping:
    """Return what ``path`` says.

    Raises:
        InvalidRequestError: it cannot be read, or holds what is not understood; names ``--mapping``.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidRequestError("--mapping", f"{path.name} cannot be read: {error}") from error
    if unknown := set(said) - _TOP:
        raise InvalidRequestError(
            "--mapping", f"{path.name}: unknown {sorted(unknown)[0]!r}; known are {', '.join(sorted(_TOP))}"
        )
    mapping: dict[str, str] = {}
    readings: dict[str, str] = {}
    for column, how in said.get("columns", {}).items():
        if not isinstance(how, dict) or set(how) - {"to", "as"}:
            raise InvalidRequestError("--mapping", f'{path.name}: column {column!r} takes to = "..." and as = "..."')
        target = how.get("to", "")
        if target in ITEM_FIELDS and target in mapping:
            mapping[target] += f"+{column}"
        elif target:
            mapping[target] = column
        if how.get("as"):
            readings[column] = how["as"]
    how_read = Reading(said.get("encoding", ""), said.get("delimiter", ""), said.get("sheet", ""))
    choices = Choices(
        mapping=mapping, readings=readings, how=how_read, layout=said.get("layout", ""), merge=said.get("merge", {})
    )
    return Mapping(choices, EventChoices(said.get("events", {}), said.get("kinds", {})), tuple(said.get("columns", {})))


def over(file: Choices, own: Choices) -> Choices:
    """Return the choices of a mapping file with those of the command line over them."""
    taken = set(own.mapping.values())
    return replace(
        own,
        mapping={**{t: c for t, c in file.mapping.items() if c not in taken}, **own.mapping},
        readings={**file.readings, **own.readings},
        how=Reading(
            own.how.encoding or file.how.encoding,
            own.how.delimiter or file.how.delimiter,
            own.how.sheet or file.how.sheet,
        ),
        layout=own.layout or file.layout,
        merge=own.merge or file.merge,
    )


def as_toml(plan: Plan, choices: Choices, events: EventPlan | None = None) -> str:
    """Return the mapping file that reads a file as ``plan`` does."""
    lines = [
        "# How the catalogue is read. Change a line and run `tastemaker ingest` again.",
        "# to: item_id, title, text, image, url or the name of an attribute; as: text, number, price, bool, list, date, time or ignore,",
        "# with details after a colon: number:comma, price:EUR, list:|, date:mdy.",
        f"layout = {_quoted(plan.layout)}",
    ]
    for name, value in (
        ("encoding", choices.how.encoding),
        ("delimiter", choices.how.delimiter),
        ("sheet", choices.how.sheet),
    ):
        lines += [f"{name} = {_quoted(value)}"] if value else []
    for column in plan.columns:
        lines += ["", *(f"# {odd}" for odd in column.odd), f"[columns.{_quoted(column.name)}]"]
        lines += [f"to = {_quoted(column.target)}"] if column.target else []
        if column.why == CURRENCY:
            lines.append(f"# {CURRENCY}")
        elif column.target not in ITEM_FIELDS:
            lines.append(
                f"as = {_quoted(column.reading)}" + (f"  # {column.why}" if column.why and not column.target else "")
            )
    if choices.merge:
        lines += ["", "[merge]", *(f"{role} = {_quoted(what)}" for role, what in choices.merge.items())]
    if events is not None:
        lines += ["", "[events]", *(f"{role} = {_quoted(name)}" for role, name in events.columns.items())]
        lines += [f"scale = {_quoted(format(events.scale, 'g'))}"] if events.scale != 5 else []
        lines += ["", "[kinds]", *(f"{_quoted(word)} = {_quoted(kind)}" for word, kind in events.kinds.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: Any) -> str:
    return json.dumps(str(text), ensure_ascii=False)
