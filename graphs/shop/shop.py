"""Hold the stores of one tenant, the tools that read them, and what is known of them when they cannot be read."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...core.background import close_each
from ...core.errors import StoreError, TastemakerError
from ...core.protocols import Catalogue, Collaborative, DeletesItems, History
from ...core.redaction import redact
from ...core.schemas import CatalogueSchema, Deleted, Frozen, Item
from ...core.settings import Settings
from ...stores.fitted_files import AttentionFile
from ...stores.tracks import TrackStore
from ...stores.trained_versions import Artefacts
from ...tools.policy.rule_scope import RuleScope
from ...tools.ranking.new_item_quota import NewItemQuota
from ...tools.ranking.ranker import Ranker
from ...tools.sources.listing import Source, build_sources
from ...tools.sources.new_items import NewItemSource
from ...tools.sources.sounds_like import TrackSearch, open_tracks
from ...tools.trained.ranking import LearnedSource
from ...tools.trained.version_in_use import Learned
from ...tools.user_history import UserHistoryLookup

log = logging.getLogger("tastemaker.shop")
SNAPSHOT_ITEMS = 500
SNAPSHOT_S = 300.0
"""Seconds after which the snapshot is taken anew."""


class Snapshot(Frozen):
    """A catalogue's fields and popular items as they were last read."""

    fields: CatalogueSchema = CatalogueSchema()
    items: tuple[Item, ...] = ()


@dataclass
class Shop:
    """The stores of one tenant and the tools that read them."""

    tenant: str
    catalogue: Catalogue
    history: History
    collaborative: Collaborative
    sources: tuple[Source, ...]
    ranker: Ranker
    look_up: UserHistoryLookup
    scope: RuleScope
    learned: Learned
    new_items: NewItemQuota | None = None
    attention: AttentionFile | None = None
    tracks: TrackStore | None = None
    snapshot_path: Path | None = None
    snapshot: Snapshot = field(default_factory=Snapshot)
    users: int = 0
    snapshot_at: float = 0.0
    _task: asyncio.Task[None] | None = None

    @classmethod
    def of(
        cls, tenant: str, catalogue: Catalogue, history: History, collaborative: Collaborative, settings: Settings
    ) -> Shop:
        """Return the shop over these stores; under ``settings.home`` are its trained versions and last popular items."""
        store = Artefacts(settings.models_path(tenant), settings.recommender.keep)
        tracks = open_tracks(settings.home, tenant)
        learned = Learned(store, catalogue, settings.recommender)
        return cls(
            tenant=tenant,
            catalogue=catalogue,
            history=history,
            collaborative=collaborative,
            sources=(
                *build_sources(catalogue, collaborative),
                LearnedSource(catalogue, learned),
                NewItemSource(catalogue, learned),
                TrackSearch(catalogue, tracks),
            ),
            ranker=Ranker(catalogue, collaborative, learned),
            look_up=UserHistoryLookup(history, catalogue),
            scope=RuleScope(catalogue),
            learned=learned,
            attention=AttentionFile(settings.models_path(tenant)),
            tracks=tracks,
            snapshot_path=settings.home / f"popular-{tenant}.json",
        )

    async def take_snapshot(self) -> None:
        """Keep the fields and the popular items, in memory and on disk, for when the catalogue cannot be read.

        A catalogue that fails now leaves the earlier snapshot in place; history that fails leaves out popularity.
        """
        self.snapshot_at = time.monotonic()
        ids: list[str] = []
        with contextlib.suppress(TastemakerError):
            ids = [item_id for item_id, _ in await self.collaborative.popular(SNAPSHOT_ITEMS)]
        try:
            ids += [i for i in await self.catalogue.scan(SNAPSHOT_ITEMS) if i not in set(ids)]
            items = tuple(await self.catalogue.get(ids[:SNAPSHOT_ITEMS]))
            fields = await self.catalogue.schema()
        except TastemakerError as error:
            log.warning("no fresh snapshot of popular items: %s", redact(str(error)))
            return
        if items:
            self.snapshot = Snapshot(fields=fields, items=items)
            await asyncio.to_thread(self._write_snapshot)

    async def delete_items(self, item_ids: Sequence[str]) -> Deleted:
        """Remove items from the catalogue and from what is kept of it: sounds and popular items; events stay.

        Raises:
            StoreError: a store cannot be written.
        """
        if not isinstance(self.catalogue, DeletesItems):
            raise StoreError("items of this catalogue cannot be deleted")
        wanted = list(dict.fromkeys(item_ids))
        gone = {item.item_id for item in await self.catalogue.get(wanted)}
        await self.catalogue.delete(wanted)
        if self.tracks is not None:
            await asyncio.to_thread(self.tracks.delete, wanted)
        known = Snapshot()
        with contextlib.suppress(StoreError):
            known = await self.last_known()
        if any(item.item_id in wanted for item in known.items):
            left = tuple(item for item in known.items if item.item_id not in wanted)
            self.snapshot = known.model_copy(update={"items": left})
            await asyncio.to_thread(self._write_snapshot)
        return Deleted(deleted=tuple(i for i in wanted if i in gone), unknown=tuple(i for i in wanted if i not in gone))

    def refresh_soon(self) -> None:
        """Take a snapshot in the background if the last one is old."""
        old = not self.snapshot_at or time.monotonic() - self.snapshot_at > SNAPSHOT_S
        if old and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self.take_snapshot())

    async def last_known(self) -> Snapshot:
        """Return the last snapshot, from memory or disk; empty if there is none.

        Raises:
            StoreError: the file holds something else.
        """
        if not self.snapshot.items:
            self.snapshot = await asyncio.to_thread(self._read_snapshot)
        return self.snapshot

    async def close(self) -> None:
        """Stop the background work and close every store that can be closed."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await close_each(self.new_items, self.learned, self.collaborative, self.history, self.catalogue)

    def _read_snapshot(self) -> Snapshot:
        try:
            return Snapshot.model_validate_json(self.snapshot_path.read_bytes()) if self.snapshot_path else Snapshot()
        except FileNotFoundError:
            return Snapshot()
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.snapshot_path.name if self.snapshot_path else None} is broken") from error

    def _write_snapshot(self) -> None:
        if self.snapshot_path is None:
            return
        with contextlib.suppress(OSError):
            temporary = self.snapshot_path.with_suffix(f".{os.getpid()}.tmp")
            temporary.write_text(self.snapshot.model_dump_json(), encoding="utf-8")
            temporary.replace(self.snapshot_path)
