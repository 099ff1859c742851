"""Embed the rows of a file and write them to a catalogue, while the next ones are read; only what changed is embedded again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from ...core.errors import BackEndError
from ...core.protocols import ImageTextModel, VectorColumn, Vectors
from ..catalogue.columns import ItemRow, model_mark
from ..catalogue.lance_catalogue import LanceCatalogue
from .digest import digest_of, embedding_text, read_digest
from .partial_update import PartialUpdate
from .pictures import ImageProblem, check_image
from .run import Run, UsableRow

READ_ROWS = 512
WRITE_ROWS, WRITE_S = 1_024, 5.0
WRITE_SHARE = 10
"""Rows are written when so many wait and a tenth of those written before, or after so many seconds and ten times what the last write took."""
COMPACT_ROWS = 10_000
"""The table is compacted after so many written rows, so that writing does not slow down as it grows."""
Progress = Callable[[int, int], None]


class EmbedAndWrite:
    """Run reading, embedding and writing at once, with two batches in each queue at most."""

    def __init__(
        self,
        run: Run,
        catalogue: LanceCatalogue,
        embed: ImageTextModel,
        batch: int,
        progress: Progress | None,
        *,
        dry_run: bool,
    ) -> None:
        self._run, self._catalogue, self._embed, self._batch, self._progress = run, catalogue, embed, batch, progress
        self._dry_run, self._only = dry_run, frozenset(run.found.choices.only)
        self._update = PartialUpdate(catalogue, self._only)
        self._since_compaction = 0
        self._read: asyncio.Queue[list[UsableRow] | None] = asyncio.Queue(2)
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
        while chunk := await asyncio.to_thread(lambda: list(islice(rows, max(READ_ROWS, self._batch)))):
            if self._only:
                chunk = await self._overlaid(chunk)
            stored = await self._catalogue.digests([row.item.item_id for row in chunk])
            known = [
                replace(r, stored=read_digest(stored[r.item.item_id] or "")) if r.item.item_id in stored else r
                for r in chunk
            ]
            changed = [row for row in known if not await self._is_stored(row)]
            if self._dry_run:
                self._run.updated += sum(row.stored is not None for row in changed)
                self._run.inserted += sum(row.stored is None for row in changed)
            for start in range(0, 0 if self._dry_run else len(changed), self._batch):
                await self._read.put(changed[start : start + self._batch])
            if self._progress is not None:
                self._progress(self._run.read, self._run.found.lines)
        await self._read.put(None)

    async def _overlaid(self, chunk: Sequence[UsableRow]) -> list[UsableRow]:
        """Return the stored items of ``chunk`` with the attributes that are updated; unknown ids are reported."""
        said = await self._update.over(
            [row.item for row in chunk], lambda place, *what: self._run.warn(chunk[place], *what)
        )
        stored = await self._catalogue.digests([item.item_id for item in said.values()])
        made = []
        for place, item in said.items():
            old = read_digest(stored[item.item_id] or "")
            image = None if item.image is None else self._run.media / item.image
            reader = await asyncio.to_thread(self._run.readers.of, item)
            digest = digest_of(item, old.image, chunk[place].digest.mark, reader)
            made.append(replace(chunk[place], item=item, image=image, digest=digest))
        return made

    async def _is_stored(self, row: UsableRow) -> bool:
        if row.stored is None or row.stored.key != row.digest.key:
            return False
        if row.stored.damaged:
            await self._warn_if_damaged(row)
        self._run.unchanged += 1
        return True

    async def _warn_if_damaged(self, row: UsableRow) -> bool:
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
                texts, (pictures, damaged) = await asyncio.gather(self._texts(chunk), self._pictures(chunk))
                await self._done.put([_item_row(row, texts, pictures, row.line in damaged) for row in chunk])
        await self._done.put(None)

    async def _texts(self, rows: Sequence[UsableRow]) -> dict[str, Vectors]:
        """Return id -> vector of the rows' words, embedded only where they changed."""
        vectors = await self._kept("text", [row for row in rows if row.keeps_text])
        new = [row for row in rows if row.item.item_id not in vectors]
        if new:
            made = await self._embed.embed_texts([embedding_text(row.item) for row in new])
            vectors.update({row.item.item_id: vector for row, vector in zip(new, made, strict=True)})
        return vectors

    async def _pictures(self, rows: Sequence[UsableRow]) -> tuple[dict[str, Vectors], set[int]]:
        """Return id -> vector of the rows' pictures, embedded only where the file changed, and the lines of damaged ones."""
        pictured = [row for row in rows if row.image is not None]
        vectors = await self._kept("image", [row for row in pictured if row.keeps_image])
        found, damaged = await self._new_pictures([row for row in pictured if row.item.item_id not in vectors])
        return {**vectors, **found}, damaged

    async def _kept(self, column: VectorColumn, rows: Sequence[UsableRow]) -> dict[str, Vectors]:
        return await self._catalogue.stored_vectors(column, [row.item.item_id for row in rows]) if rows else {}

    async def _new_pictures(self, rows: Sequence[UsableRow]) -> tuple[dict[str, Vectors], set[int]]:
        if not rows:
            return {}, set()
        try:
            vectors = await self._embed.embed_images([str(row.image) for row in rows])
            return {row.item.item_id: vector for row, vector in zip(rows, vectors, strict=True)}, set()
        except (BackEndError, OSError, ValueError):
            damaged = {row.line for row in rows if await self._warn_if_damaged(row)}
            if not damaged:
                raise
        found, _ = await self._new_pictures([row for row in rows if row.line not in damaged])
        return found, damaged

    async def _writing(self) -> None:
        waiting: list[ItemRow] = []
        rows_written, ended, took = 0, time.monotonic(), 0.0
        while (rows := await self._done.get()) is not None:
            waiting += rows
            late = time.monotonic() - ended >= max(WRITE_S, WRITE_SHARE * took)
            if late or len(waiting) >= max(WRITE_ROWS, rows_written // WRITE_SHARE):
                start = time.monotonic()
                await self._write(waiting)
                ended = time.monotonic()
                rows_written, waiting, took = rows_written + len(waiting), [], ended - start
        await self._write(waiting)

    async def _write(self, rows: Sequence[ItemRow]) -> None:
        result = await self._catalogue.upsert(rows)
        self._run.changed += [row.item.item_id for row in rows]
        self._since_compaction += len(rows)
        if self._since_compaction >= COMPACT_ROWS:
            await self._catalogue.compact()
            self._since_compaction = 0
        self._run.inserted += result.inserted
        self._run.updated += result.updated


def _item_row(row: UsableRow, texts: Mapping[str, Vectors], pictures: Mapping[str, Vectors], damaged: bool) -> ItemRow:
    item, digest = row.item, row.digest
    if damaged:
        item, digest = item.model_copy(update={"image": None}), digest._replace(damaged=True)
    return ItemRow(item, texts[item.item_id], pictures.get(item.item_id), str(digest))
