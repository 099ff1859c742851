"""Bring a file that was ingested before up to date: fields whose type changed, items that are gone, only some attributes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ...core.errors import InvalidRequestError
from ..catalogue.lance_catalogue import LanceCatalogue
from .file_survey import Survey, survey
from .numbers import currency_code
from .plan import Choices, Plan

COVERED = 0.5
"""A file with at least this share of the catalogue's items may change the types of its fields."""
NAMED = 5
_ALL = 100_000_000


@dataclass(frozen=True)
class Refresh:
    """How a run treats what is stored already.

    Args:
        prune: remove the items that are no longer in the file.
        prune_limit: the largest share of the items that may be removed.
        dry_run: write nothing, only count.
    """

    prune: bool = False
    prune_limit: float = 0.1
    dry_run: bool = False


async def plan_types(found: Survey, catalogue: LanceCatalogue) -> tuple[Survey, list[str], list[str]]:
    """Return the survey with types that the catalogue can hold, what is to be said, and the fields to make anew.

    A file that covers the catalogue changes a field's type; a smaller one, or an update of some attributes, is read as the
    field is.

    Raises:
        InvalidRequestError: an attribute to update is not in the file or not in the catalogue.
    """
    schema = await catalogue.schema()
    known = {field.name: field.type for field in schema.fields}
    only = found.choices.only
    if only:
        columns = tuple(c for c in found.plan.columns if c.target in only or c.target in found.plan.fields)
        missing = [name for name in only if name not in {c.target for c in columns}]
        if missing:
            listed = ", ".join(c.target for c in found.plan.attributes())
            raise InvalidRequestError("--update", f"the file has no attribute {missing[0]!r}; it has: {listed}")
        found = replace(found, plan=found.plan.model_copy(update={"columns": columns}))
    # days and times are stored as text, and the catalogue tells them by their values
    differ = {c.target: c for c in found.plan.attributes() if known.get(c.target, c.type) not in (c.type, c.kind)}
    if not differ:
        return found, [], []
    if not only and found.plan.rows >= COVERED * schema.count:
        notes = [
            f"{name} was a {known[name]} field and is a {c.type} field now; items that are not in this file lose it"
            for name, c in differ.items()
        ]
        return found, notes, [*differ]
    readings = {c.name: known[name] for name, c in differ.items()}
    again = replace(found.choices, readings={**readings, **found.choices.readings})
    read_anew = await asyncio.to_thread(survey, found.path, again)
    notes = [
        f"{name} looks like a {c.type} field and stays a {known[name]} field, for the file holds fewer than half of the items"
        for name, c in differ.items()
    ]
    if only:
        columns = tuple(c for c in read_anew.plan.columns if c.target in only or c.target in read_anew.plan.fields)
        read_anew = replace(read_anew, plan=read_anew.plan.model_copy(update={"columns": columns}))
    return read_anew, notes, []


def units_of(plan: Plan, numbers: Sequence[str]) -> dict[str, str]:
    """Return number field -> unit; beside a price, those of ``numbers`` that hold it in another currency (``price_usd``)."""
    units = {c.target: c.unit for c in plan.attributes() if c.unit}
    for name in numbers:
        own, _, code = name.rpartition("_")
        if own in units and currency_code(code) == code.upper():
            units[name] = code.upper()
    return units


class Removed(NamedTuple):
    """What a file of ids removed: how many ids it names, how many items there were, and the ids of choices with their products."""

    named: int
    there: int
    choices: Mapping[str, str]


async def delete_items(source: Path, catalogue: LanceCatalogue, choices: Choices, *, dry_run: bool = False) -> Removed:
    """Remove the items whose ids stand in ``source``; the choices of a product stay.

    Raises:
        InvalidRequestError: the file has no column of ids.
    """
    found = await asyncio.to_thread(survey, source, replace(choices, only=("item_id",)))
    named = [found.plan.item_id(record.values) for record in found.records() if not record.problem]
    ids = [*dict.fromkeys(item_id for item_id in named if item_id)]
    there = await catalogue.digests(ids)
    products = await catalogue.products_of_variants() if len(there) < len(ids) else {}
    of_choices = {i: products[i] for i in ids if i in products and i not in there}
    return Removed(len(ids), len(there) if dry_run else await catalogue.delete([*there]), of_choices)


async def removed_ids(found: Survey, catalogue: LanceCatalogue) -> list[str]:
    """Return the ids of stored items that are not in the file."""

    def in_file() -> set[str]:
        return {found.plan.item_id(record.values) for record in found.records() if not record.problem}

    there = await asyncio.to_thread(in_file)
    return [item_id for item_id in await catalogue.scan(_ALL) if item_id not in there]


def check_removal(gone: Sequence[str], stored: int, how: Refresh) -> None:
    """Check that not too much would be removed.

    Raises:
        InvalidRequestError: more than the limit; names ``--prune``.
    """
    if gone and not how.dry_run and len(gone) > how.prune_limit * stored:
        named = ", ".join(gone[:NAMED])
        raise InvalidRequestError(
            "--prune",
            f"{len(gone)} of {stored} items are not in the file ({named}{', ...' if len(gone) > NAMED else ''}), more than "
            f"{how.prune_limit:.0%}; nothing was changed. If that is right: --prune-limit {len(gone) / stored:.2f}",
        )
