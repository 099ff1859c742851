"""Bring a file of items (and of interactions) into the stores: idempotent, resumable, and a bad row stops nothing.

Reading, embedding and writing overlap. A batch is written in one atomic step and an item whose digest is stored already is
skipped, so that a run killed at any moment is resumed by starting it again. Of an item that changed only what changed is
embedded again: a new price costs no vector.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from ...core.protocols import History, ImageTextModel
from ..catalogue.lance_catalogue import LanceCatalogue
from .changes import Refresh, check_removal, plan_types, removed_ids, units_of
from .embed_and_write import EmbedAndWrite, Progress
from .events import EventCounts, ingest_events
from .events_plan import EventChoices, plan_events
from .file_survey import Survey, survey
from .plan import Choices
from .readers import Readers
from .report import IngestReport, Rejects
from .run import Run

ALL_IDS = 100_000_000


async def ingest(
    source: Path,
    catalogue: LanceCatalogue,
    embed: ImageTextModel,
    *,
    choices: Choices | None = None,
    refresh: Refresh | None = None,
    media: Path | None = None,
    interactions: Path | None = None,
    event_choices: EventChoices | None = None,
    history: History | None = None,
    rejects: Path | None = None,
    batch: int = 128,
    progress: Progress | None = None,
) -> IngestReport:
    """Upsert the items of ``source`` into ``catalogue`` and add ``interactions`` to ``history``.

    Args:
        source: a CSV, TSV, JSON, Parquet, Excel or XML file.
        catalogue: where items go.
        embed: the image-text model; a changed model embeds every item again.
        choices: what is said of the file; the rest is found out.
        refresh: whether items that are no longer in the file are removed, or only some attributes written.
        media: folder that pictures are relative to; by default the folder of ``source``.
        interactions: file of events, needs ``history``.
        event_choices: what is said of the file of events.
        history: where events go.
        rejects: JSON Lines file for rows and cells that could not be used.
        batch: rows embedded at once.
        progress: called with (rows done, rows in all) after each batch.

    Raises:
        InvalidRequestError: a file or a choice is not usable, or too many items would be removed; nothing is written.
        BackEndError: the model failed; what was written stays, and starting again resumes.
        StoreError: a store failed, likewise.
    """
    start = time.perf_counter()
    said, how = choices or Choices(), refresh or Refresh()
    said_of_events = event_choices or EventChoices()
    events = await asyncio.to_thread(plan_events, interactions, said_of_events) if interactions else None
    found = await asyncio.to_thread(survey, source, said)
    found, notes, retyped = await plan_types(found, catalogue)
    gone = await removed_ids(found, catalogue) if how.prune else []
    check_removal(gone, await catalogue.count(), how)
    with Rejects(rejects) as problems:
        run = Run(source, found, media, problems, Readers(embed))
        if not how.dry_run:
            await catalogue.drop_fields(retyped)
        await EmbedAndWrite(run, catalogue, embed, max(1, batch), progress, dry_run=how.dry_run).run()
        if not how.dry_run:
            await catalogue.delete(gone)
            await _finish(catalogue, found)
        items_s = time.perf_counter() - start
        counts = EventCounts(0, 0, ())
        if events is not None and history is not None and not how.dry_run:
            known = frozenset(await catalogue.scan(ALL_IDS))
            products = await catalogue.products_of_variants()
            counts = await ingest_events(events, said_of_events.how, history, problems, known=known, products=products)
    return _report(run, notes, counts, time.perf_counter() - start, items_s).model_copy(update={"removed": len(gone)})


def _report(run: Run, notes: Sequence[str], events: EventCounts, seconds: float, items_s: float) -> IngestReport:
    """Return what was read, written and left out."""
    plan = run.found.plan
    return IngestReport(
        read=run.read,
        inserted=run.inserted,
        updated=run.updated,
        unchanged=run.unchanged,
        rejected=run.problems.rejected,
        warnings=run.problems.warnings,
        left_out=plan.left_out,
        columns=plan.in_short(),
        notes=(*notes, *plan.oddities(), *run.notes(), *events.notes),
        events_read=events.read,
        events_added=events.added,
        seconds=round(seconds, 3),
        items_per_s=round(run.read / max(items_s, 1e-9), 1),
        changed=tuple(run.changed),
        rejects=run.problems.written,
    )


async def _finish(catalogue: LanceCatalogue, found: Survey) -> None:
    """Record units and the price, and bring the indexes up to date."""
    if not found.choices.only:
        units = units_of(found.plan, [f.name for f in (await catalogue.schema()).fields if f.type == "number"])
        await catalogue.mark_fields(units, found.plan.price)
    await catalogue.optimize()
