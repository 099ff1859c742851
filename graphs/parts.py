"""Build and hold everything a graph run calls: tools, agents and, per tenant, the stores."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..agents.composer import Composer
from ..agents.prompting import PromptLibrary
from ..core.errors import InvalidRequestError, StoreError, TastemakerError
from ..core.protocols import Captioner, Catalogue, ChatModel, Collaborative, History, ImageTextModel, Transcriber
from ..core.public import redact
from ..core.schemas import Item
from ..core.settings import Settings
from ..models import registry
from ..models.lazy import LazyCaptioner, LazyImageText, LazyTranscriber
from ..stores.catalogue import LanceCatalogue
from ..stores.collaborative import CoOccurrence
from ..stores.history import SqlHistory
from ..stores.reopen import ReopeningCatalogue, ReopeningHistory
from ..tools.audio_transcriber import AudioTranscriber
from ..tools.candidate_sources import Source, build_sources
from ..tools.consistency_checker import ConsistencyChecker
from ..tools.image_captioner import ImageCaptioner
from ..tools.media import MediaAdmitter
from ..tools.ranker import Ranker
from ..tools.user_history import UserHistoryLookup
from ..tools.video_reader import VideoReader

log = logging.getLogger("tastemaker.parts")
SNAPSHOT_ITEMS = 500
SNAPSHOT_S = 300.0
"""Seconds after which the snapshot of popular items is taken anew."""
MAX_SHOPS = 32
DEFAULT_TENANT = "default"
TENANT_CHECK_S = 2.0
OpenStores = Callable[[str], Awaitable[tuple[Catalogue, History, Collaborative]]]


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
    snapshot_path: Path | None = None
    snapshot: tuple[Item, ...] = ()
    snapshot_at: float = 0.0
    _task: asyncio.Task[None] | None = None

    @classmethod
    def of(
        cls, tenant: str, catalogue: Catalogue, history: History, collaborative: Collaborative, home: Path | None = None
    ) -> Shop:
        """Return the shop over these stores; ``home`` is where the last popular items are kept."""
        return cls(
            tenant=tenant,
            catalogue=catalogue,
            history=history,
            collaborative=collaborative,
            sources=build_sources(catalogue, collaborative),
            ranker=Ranker(catalogue),
            look_up=UserHistoryLookup(history, catalogue),
            snapshot_path=home / f"popular-{tenant}.json" if home else None,
        )

    async def take_snapshot(self) -> None:
        """Keep the popular items, in memory and on disk, for the time when the catalogue cannot be read.

        A catalogue that fails now leaves the earlier snapshot in place; history that fails leaves out popularity.
        """
        self.snapshot_at = time.monotonic()
        ids: list[str] = []
        with contextlib.suppress(TastemakerError):
            ids = [item_id for item_id, _ in await self.collaborative.popular(SNAPSHOT_ITEMS)]
        try:
            ids += [i for i in await self.catalogue.scan(SNAPSHOT_ITEMS) if i not in set(ids)]
            snapshot = tuple(await self.catalogue.get(ids[:SNAPSHOT_ITEMS]))
        except TastemakerError as error:
            log.warning("no fresh snapshot of popular items: %s", redact(str(error)))
            return
        if snapshot:
            self.snapshot = snapshot
            await asyncio.to_thread(self._write_snapshot)

    def refresh_soon(self) -> None:
        """Take a snapshot in the background if the last one is old."""
        old = not self.snapshot_at or time.monotonic() - self.snapshot_at > SNAPSHOT_S
        if old and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self.take_snapshot())

    async def popular_items(self) -> tuple[Item, ...]:
        """Return the last known popular items, from memory or disk; empty if there are none."""
        return self.snapshot or await asyncio.to_thread(self._read_snapshot)

    async def close(self) -> None:
        """Stop the background work and close every store that can be closed."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for store in (self.collaborative, self.history, self.catalogue):
            close = getattr(store, "close", None)
            if close is not None:
                await close()

    def _read_snapshot(self) -> tuple[Item, ...]:
        try:
            rows = json.loads(self.snapshot_path.read_text(encoding="utf-8")) if self.snapshot_path else []
            return tuple(Item.model_validate(row) for row in rows)
        except (OSError, ValueError):
            return ()

    def _write_snapshot(self) -> None:
        if self.snapshot_path is None:
            return
        with contextlib.suppress(OSError):
            temporary = self.snapshot_path.with_suffix(f".{os.getpid()}.tmp")
            temporary.write_text(json.dumps([i.model_dump() for i in self.snapshot]), encoding="utf-8")
            temporary.replace(self.snapshot_path)


@dataclass
class Parts:
    """What every turn shares."""

    settings: Settings
    image_text: ImageTextModel
    captioner: Captioner
    transcriber: Transcriber
    chat: ChatModel
    prompts: PromptLibrary
    open_stores: OpenStores
    shops: dict[str, Shop] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rebuild()

    def rebuild(self) -> None:
        """Make the tools and agents over the back-ends; call it after replacing one."""
        limits = self.settings.limits
        self.admitter = MediaAdmitter(limits)
        self.caption = ImageCaptioner(self.captioner)
        self.transcribe = AudioTranscriber(self.transcriber)
        self.watch = VideoReader(self.captioner, self.transcriber, limits)
        self.check = ConsistencyChecker(self.image_text)
        self.composer = Composer(
            self.chat,
            self.prompts,
            self.settings.llm,
            writes_message=self.settings.model_writes_message,
            guided=self.settings.profile == "embedded",
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> Parts:
        """Return the parts that the settings name; models open on first use."""
        image_text = LazyImageText(lambda: registry.open_image_text(settings), registry.slot_id(settings, "image_text"))
        return cls(
            settings=settings,
            image_text=image_text,
            captioner=LazyCaptioner(
                lambda: registry.open_captioner(settings, image_text), registry.slot_id(settings, "captioner")
            ),
            transcriber=LazyTranscriber(
                lambda: registry.open_transcriber(settings), registry.slot_id(settings, "transcriber")
            ),
            chat=registry.open_chat(settings),
            prompts=PromptLibrary(Path(settings.prompts.dir) if settings.prompts.dir else None, settings.prompts.live),
            open_stores=open_stores(settings),
        )

    async def shop(self, tenant: str) -> Shop:
        """Return the tenant's shop; the ``MAX_SHOPS`` used last stay open.

        Raises:
            InvalidRequestError: there is no catalogue of that tenant.
        """
        shop = self.shops.pop(tenant, None)
        if shop is None:
            catalogue, history, collaborative = await self.open_stores(tenant)
            shop = Shop.of(tenant, catalogue, history, collaborative, self.settings.home)
            if tenant != DEFAULT_TENANT:
                await self._check_tenant(shop)
        self.shops[tenant] = shop
        while len(self.shops) > MAX_SHOPS:
            await self.shops.pop(next(iter(self.shops))).close()
        return shop

    async def _check_tenant(self, shop: Shop) -> None:
        try:
            count = (await asyncio.wait_for(shop.catalogue.schema(), TENANT_CHECK_S)).count
        except (StoreError, TimeoutError):
            return  # it may exist: the request is answered without the catalogue
        if not count:
            await shop.close()
            raise InvalidRequestError("tenant", "there is no catalogue of that name; ingest one with --tenant")

    async def close(self) -> None:
        """Close every shop and every back-end's connections."""
        for shop in self.shops.values():
            await shop.close()
        self.shops.clear()
        for back_end in (self.chat, self.captioner, self.transcriber):
            close = getattr(back_end, "aclose", None)
            if close is not None:
                await close()


def open_stores(settings: Settings) -> OpenStores:
    """Return the function that opens a tenant's catalogue, history and collaborative models."""

    async def open_for(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        settings.home.mkdir(parents=True, exist_ok=True)
        catalogue = ReopeningCatalogue(
            lambda: LanceCatalogue.open(settings.catalogue_uri, tenant, settings.catalogue.exact_below)
        )
        history = ReopeningHistory(lambda: SqlHistory.open(settings.history_url, tenant))
        return catalogue, history, CoOccurrence(history)

    return open_for
