"""Bring a file of items (and of interactions) into the stores: idempotent, resumable, and a bad row stops nothing.

Reading, embedding and writing overlap. A batch is written in one atomic step and an item whose digest is stored already is
skipped, so that a run killed at any moment is resumed by starting it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ...core.errors import BackEndError
from ...core.protocols import History, ImageTextModel, Vectors
from ...core.schemas import Item
from ..catalogue.columns import ItemRow, model_mark
from ..catalogue.lance_catalogue import LanceCatalogue
from .events import ingest_events
from .file_readers import Record, read_records
from .file_survey import Survey, survey
from .pictures import ImageProblem, check_image, file_digest, locate
from .report import IngestReport, Rejects
from .rows_to_items import RowError, to_item

WRITE_ROWS = 256
COMPACT_ROWS = 10_000
"""The table is compacted after so many written rows, so that writing does not slow down as it grows."""
TEXT_CHARS = 1_000
SHORT_ATTRIBUTE_CHARS = 40
DAMAGED = "damaged-image:"
"""Marks the digest of an item whose picture could not be decoded, so that the next run reports it again."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Row:
    """An item ready to be embedded, with the picture's file and the digest of both."""

    line: int
    item: Item
    image: Path | None
    digest: str


async def ingest(
    source: Path,
    catalogue: LanceCatalogue,
    embed: ImageTextModel,
    *,
    mapping: Mapping[str, str] | None = None,
    media: Path | None = None,
    interactions: Path | None = None,
    history: History | None = None,
    rejects: Path | None = None,
    batch: int = 64,
    progress: Progress | None = None,
    list_separator: str = "|",
) -> IngestReport:
    """Upsert the items of ``source`` into ``catalogue`` and add ``interactions`` to ``history``.

    Args:
        source: a CSV, TSV, JSON Lines or Parquet file.
        catalogue: where items go.
        embed: the image-text model; a changed model embeds every item again.
        mapping: target (item_id, title, text, image, url or an attribute) -> column; the rest is found by common names.
        media: folder that pictures are relative to; by default the folder of ``source``.
        interactions: file of events, needs ``history``.
        history: where events go.
        rejects: JSON Lines file for rows that could not be used.
        batch: rows embedded at once.
        progress: called with (rows done, rows in all) after each batch.
        list_separator: splits the members of list attributes.

    Raises:
        InvalidRequestError: a file or the mapping is not usable.
        BackEndError: the model failed; what was written stays, and starting again resumes.
        StoreError: a store failed, likewise.
    """
    start = time.perf_counter()
    known = {field.name: field.type for field in (await catalogue.schema()).fields}
    found = await asyncio.to_thread(survey, source, mapping, known, list_separator)
    with Rejects(rejects) as problems:
        run = _Run(source, found, media or source.parent, problems, list_separator)
        await _Pipeline(run, catalogue, embed, max(1, batch), progress).run()
        if found.columns.price and (found.currency or "price" in (mapping or {})):
            await _mark_price(catalogue, found)
        await catalogue.optimize()
        items_s = time.perf_counter() - start
        events = (0, 0)
        if interactions is not None and history is not None:
            events = await ingest_events(interactions, history, problems)
    return IngestReport(
        read=run.read,
        inserted=run.inserted,
        updated=run.updated,
        unchanged=run.unchanged,
        rejected=problems.rejected,
        warnings=problems.warnings,
        events_read=events[0],
        events_added=events[1],
        seconds=round(time.perf_counter() - start, 3),
        items_per_s=round(run.read / max(items_s, 1e-9), 1),
        rejects=str(rejects) if rejects and problems.rejected + problems.warnings else None,
    )


async def _mark_price(catalogue: LanceCatalogue, found: Survey) -> None:
    name = found.columns.price
    field = (await catalogue.schema()).field(name) if name else None
    if (
        field is not None
        and field.type == "number"
        and (field.role != "price" or found.currency not in ("", field.unit))
    ):
        await catalogue.mark_price(field.name, found.currency)


def embedding_text(item: Item) -> str:
    """Return what is embedded of ``item``: its title, its short text and list attributes, the start of its text."""
    short: list[str] = []
    for value in item.attributes.values():
        members = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        short += [m for m in members if len(m) <= SHORT_ATTRIBUTE_CHARS]
    return ". ".join(part for part in (item.title, ", ".join(short), item.text[:TEXT_CHARS]) if part)


class _Run:
    """Read the rows of one file, report the bad ones, and count."""

    def __init__(self, source: Path, found: Survey, media: Path, problems: Rejects, separator: str) -> None:
        self.source, self.found, self.media, self.problems = source, found, media, problems
        self._separator = separator
        self.read = self.inserted = self.updated = self.unchanged = 0

    def rows(self, mark: str) -> Iterator[_Row]:
        """Yield the usable rows; of rows with the same id only the last usable one."""
        held: dict[str, _Row] = {}
        for record in read_records(self.source):
            self.read += 1
            row = self._usable(record, mark)
            item_id = row.item.item_id if row else self.found.columns.item_id(record.values)
            last = self.found.last_line.get(item_id)
            if last is None:
                if row is not None:
                    yield row
                continue
            if row is not None:
                if item_id in held:
                    self.warn(
                        held[item_id], "item_id", f"the same id comes again on line {row.line}, which replaces this"
                    )
                held[item_id] = row
            if record.line >= last and item_id in held:
                yield held.pop(item_id)

    def warn(self, row: _Row, field: str, reason: str) -> None:
        """Report a row that is used only in part."""
        item_id = row.item.item_id
        self.problems.add(self.source, row.line, field=field, reason=reason, item_id=item_id, level="warning")

    def _usable(self, record: Record, mark: str) -> _Row | None:
        if record.problem:
            self.problems.add(self.source, record.line, field="", reason=record.problem)
            return None
        try:
            item = to_item(record.values, self.found.columns, self.found.types, self._separator)
        except RowError as error:
            self.problems.add(
                self.source, record.line, field=error.field, reason=error.reason, item_id=error.item_id[:128]
            )
            return None
        row = _Row(record.line, item, None, "")
        content = ""
        if item.image is not None:
            try:
                image = locate(item.image, self.media)
                content = file_digest(image)
                check_image(image, decode=False)
                row = _Row(record.line, item, image, "")
            except ImageProblem as problem:
                self.warn(row, "image", f"{item.image[:200]}: {problem}; stored without it")
                row = _Row(record.line, item.model_copy(update={"image": None}), None, "")
        return _Row(row.line, row.item, row.image, _digest(row.item, content, mark))


class _Pipeline:
    """Run reading, embedding and writing at once, with two batches in each queue at most."""

    def __init__(
        self, run: _Run, catalogue: LanceCatalogue, embed: ImageTextModel, batch: int, progress: Progress | None
    ) -> None:
        self._run, self._catalogue, self._embed, self._batch, self._progress = run, catalogue, embed, batch, progress
        self._since_compaction = 0
        self._read: asyncio.Queue[list[_Row] | None] = asyncio.Queue(2)
        self._done: asyncio.Queue[list[ItemRow] | None] = asyncio.Queue(2)

    async def run(self) -> None:
        """Run to the end; the first failure stops every stage and is raised."""
        try:
            async with asyncio.TaskGroup() as group:
                for stage in (self._reading(), self._embedding(), self._writing()):
                    group.create_task(stage)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def _reading(self) -> None:
        rows = self._run.rows(model_mark(self._embed))
        while chunk := await asyncio.to_thread(lambda: list(islice(rows, self._batch))):
            stored = await self._catalogue.digests([row.item.item_id for row in chunk])
            await self._read.put([row for row in chunk if not await self._is_stored(row, stored)])
            if self._progress is not None:
                self._progress(self._run.read, self._run.found.rows)
        await self._read.put(None)

    async def _is_stored(self, row: _Row, stored: Mapping[str, str]) -> bool:
        digest = stored.get(row.item.item_id)
        if digest == DAMAGED + row.digest and row.image is not None:
            await self._warn_if_damaged(row)
        elif digest != row.digest:
            return False
        self._run.unchanged += 1
        return True

    async def _warn_if_damaged(self, row: _Row) -> bool:
        try:
            if row.image is not None:
                await asyncio.to_thread(check_image, row.image, decode=True)
        except ImageProblem as problem:
            self._run.warn(row, "image", f"{row.item.image}: {problem}; stored without it")
            return True
        return False

    async def _embedding(self) -> None:
        while (chunk := await self._read.get()) is not None:
            if chunk:
                texts, (pictures, damaged) = await asyncio.gather(
                    self._embed.embed_texts([embedding_text(row.item) for row in chunk]),
                    self._pictures([row for row in chunk if row.image is not None]),
                )
                await self._done.put(_item_rows(chunk, texts, pictures, damaged))
        await self._done.put(None)

    async def _pictures(self, rows: Sequence[_Row]) -> tuple[dict[int, Vectors], set[int]]:
        """Return line -> vector of the rows' pictures, and the lines of those that turn out to be damaged."""
        if not rows:
            return {}, set()
        try:
            vectors = await self._embed.embed_images([str(row.image) for row in rows])
            return {row.line: vector for row, vector in zip(rows, vectors, strict=True)}, set()
        except (BackEndError, OSError, ValueError):
            damaged = {row.line for row in rows if await self._warn_if_damaged(row)}
            if not damaged:
                raise
        found, _ = await self._pictures([row for row in rows if row.line not in damaged])
        return found, damaged

    async def _writing(self) -> None:
        waiting: list[ItemRow] = []
        while (rows := await self._done.get()) is not None:
            waiting += rows
            if len(waiting) >= WRITE_ROWS:
                await self._write(waiting)
                waiting = []
        await self._write(waiting)

    async def _write(self, rows: Sequence[ItemRow]) -> None:
        result = await self._catalogue.upsert(rows)
        self._since_compaction += len(rows)
        if self._since_compaction >= COMPACT_ROWS:
            await self._catalogue.compact()
            self._since_compaction = 0
        self._run.inserted += result.inserted
        self._run.updated += result.updated


def _item_rows(
    rows: Sequence[_Row], texts: Vectors, pictures: Mapping[int, Vectors], damaged: set[int]
) -> list[ItemRow]:
    made = []
    for row, text in zip(rows, texts, strict=True):
        item, digest = row.item, row.digest
        if row.line in damaged:
            item, digest = item.model_copy(update={"image": None}), DAMAGED + digest
        made.append(ItemRow(item, text, pictures.get(row.line), digest))
    return made


def _digest(item: Item, image: str, mark: str) -> str:
    content = json.dumps([item.model_dump(mode="json"), image], sort_keys=True, ensure_ascii=True)
    return mark + hashlib.sha256(content.encode()).hexdigest()[:32]
