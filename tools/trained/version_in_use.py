"""Serve a tenant's trained recommender: load it beside the requests, follow switches, and say which one answers.

Loading and large rankings run in threads. A version that is broken is passed over for the one before; with none left, requests are
ranked without training.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...core.background import stop
from ...core.errors import StoreError, TastemakerError
from ...core.learning.interactions import ItemTable, Rows, UserState
from ...core.protocols import Catalogue
from ...core.ranking.query import CandidateQuery
from ...core.ranking.recent_feedback import user_state
from ...core.redaction import redact
from ...core.settings import RecommenderSettings
from ...models.recommender.ensemble import Ensemble, Ranking
from ...models.recommender.ensemble_files import load_ensemble
from ...stores.catalogue.item_table import read_items
from ...stores.trained_versions import Artefacts
from .train import ITEM_IDS, MODEL
from .version_parts import Parts, file_of, load_parts

INLINE_S = 0.004
"""A ranking that takes longer than this is moved to a thread, so that other requests are not held up."""
WARM_ITEMS = 200
FUSION = "fusion"
"""What an ensemble calls its fusion among its missing parts."""
GROWTH_S = 60.0
"""Seconds between looks for items that came after loading."""
_log = logging.getLogger(__name__)


@dataclass
class Loaded:
    """One version in memory. ``items`` begins with the items it was trained on.

    ``share`` is by how much it counts beside the ranking without training; ``seconds`` is what rankings took lately.
    """

    version: str
    ensemble: Ensemble
    items: ItemTable
    created_at: str = ""
    share: float = 1.0
    parts: Parts = field(default_factory=Parts)
    seconds: float = 0.0

    def user(self, q: CandidateQuery) -> UserState:
        """Return what is known of the user who asks, this session included."""
        return user_state(q, self.items, time.time())

    def warm(self) -> None:
        """Rank twice for nobody in particular, so that libraries are imported and the second time tells how long it takes."""
        rows = np.arange(min(WARM_ITEMS, len(self.items)), dtype=np.int32)
        user = UserState.of(rows[:3])
        self.ensemble.rank(user, rows)
        started = time.perf_counter()
        self.ensemble.rank(user, rows)
        self.seconds = time.perf_counter() - started

    async def rank(self, user: UserState, item_ids: Sequence[str]) -> tuple[list[str], Ranking]:
        """Return those of ``item_ids`` that this version knows, and their scores."""
        known = [i for i in item_ids if i in self.items.index]
        rows = self.items.rows(known)
        started = time.perf_counter()
        if self.seconds > INLINE_S:
            ranking = await asyncio.to_thread(self.ensemble.rank, user, rows)
        else:
            ranking = self.ensemble.rank(user, rows)
        self.seconds = 0.8 * self.seconds + 0.2 * (time.perf_counter() - started)
        return known, ranking

    async def pool(self, user: UserState, limit: int, exclude: Rows) -> list[str]:
        """Return the ids of each scorer's ``limit`` best items of the whole catalogue, ``exclude`` left out, in no order."""
        rows = await asyncio.to_thread(self.ensemble.pool, user, limit, exclude)
        return [self.items.ids[row] for row in rows.tolist()]


@dataclass
class Learned:
    """The trained recommender of one tenant; ``current`` never waits for loading."""

    store: Artefacts
    catalogue: Catalogue
    settings: RecommenderSettings
    problem: str = ""
    _loaded: Loaded | None = None
    _wanted: str | None = None
    _resolved: str | None = None
    _checked: float = 0.0
    _grown: float = 0.0
    _count: int = 0
    _task: asyncio.Task[None] | None = None
    _broken: dict[str, str] = field(default_factory=dict)

    def current(self) -> Loaded | None:
        """Return the version in memory, and look in the background whether another is to be used."""
        if not self.settings.enabled:
            return None
        now = time.monotonic()
        due = not self._checked or now - self._checked >= self.settings.check_s
        if due and (self._task is None or self._task.done()):
            self._checked = now
            self._task = asyncio.create_task(self.refresh())
        return self._loaded

    @property
    def loading(self) -> bool:
        """Tell whether a version is on its way and none is in memory yet."""
        busy = self._task is not None and not self._task.done()
        return self._loaded is None and self._wanted is not None and busy

    @property
    def shortfall(self) -> str:
        """Return what keeps the version in use from answering; empty if nothing does, or if there is none."""
        return self.problem or ("the trained recommender is loading; ranked without it" if self.loading else "")

    def state(self) -> dict[str, str]:
        """Return ``state`` (ok, degraded) and ``detail`` for health reports."""
        loaded = self._loaded
        if loaded is not None:
            detail = f"version {loaded.version}, trained {loaded.created_at}"
            return {"state": "degraded" if self.problem else "ok", "detail": self.problem or detail}
        if self.problem:
            return {"state": "degraded", "detail": self.problem}
        return {"state": "ok", "detail": "loading" if self.loading else "untrained: run `tastemaker train`"}

    async def refresh(self) -> None:
        """Load the version in use if it is not the one in memory, or if the catalogue grew; never raises."""
        try:
            wanted = self._wanted = await asyncio.to_thread(self.store.current)
            if wanted is None:
                self._loaded, self._resolved, self.problem = None, None, ""
            elif wanted != self._resolved or await self._has_grown():
                await self._load(wanted)
                self._resolved = wanted
        except TastemakerError as error:
            self.problem = f"the trained recommender cannot be read: {redact(str(error))[:200]}"
        except Exception as error:  # noqa: BLE001  a broken version must not fail a request; the cause is logged
            self.problem = f"the trained recommender cannot be read ({type(error).__name__})"
            _log.warning("loading the trained recommender failed", exc_info=True)

    async def close(self) -> None:
        """Stop loading."""
        await stop(self._task)

    async def _load(self, wanted: str) -> None:
        """Load ``wanted``, or the newest version before it that is whole."""
        self._grown, self._count = time.monotonic(), (await self.catalogue.schema()).count
        chosen: str | None = wanted
        broken = ""
        while chosen is not None:
            try:
                self._loaded = await self._open(chosen)
                break
            except (TastemakerError, OSError, ValueError) as error:
                broken = broken or redact(str(error))[:200]
                _log.warning("version %s of the recommender is passed over: %s", chosen, broken)
                chosen = await asyncio.to_thread(self.store.before, chosen)
        if chosen is None:
            self._loaded = None
        answering = f"version {chosen} is used" if chosen else "requests are ranked without training"
        self.problem = f"{broken}; {answering}" if broken else self._lacking()

    def _lacking(self) -> str:
        """Say which parts that were trained cannot be loaded here."""
        if self._loaded is None:
            return ""
        trained = self.store.card(self._loaded.version).scorers
        lacking = [name for name in trained if name not in self._loaded.ensemble.scorers]
        broken = {**self._broken, **{n: why for n, why in self._loaded.ensemble.missing.items() if n == FUSION}}
        lacking += [f"{name} ({redact(why)[:120]})" for name, why in broken.items()]
        return f"version {self._loaded.version} answers without {', '.join(lacking)}" if lacking else ""

    async def _open(self, version: str) -> Loaded:
        """Load a version and the catalogue's items, those it was trained on first."""
        card = self.store.card(version)
        spare = [file_of(name) for name in card.parts]
        folder = await asyncio.to_thread(self.store.folder, version, spare)
        ids = json.loads(await asyncio.to_thread((folder / ITEM_IDS).read_text, "utf-8"))
        items = await read_items(self.catalogue, max(self.settings.max_items, len(ids)), first=ids)
        ensemble = await asyncio.to_thread(load_ensemble, folder / MODEL, items)
        if not ensemble.scorers:
            raise StoreError(f"no scorer of version {version} can be loaded; train again")
        parts, self._broken = await asyncio.to_thread(load_parts, self.store, version, card.parts, items)
        created = f"{card.created_at:%Y-%m-%d %H:%M UTC}"
        loaded = Loaded(version, ensemble, items, created, card.share, parts)
        await asyncio.to_thread(loaded.warm)
        return loaded

    async def _has_grown(self) -> bool:
        if time.monotonic() - self._grown < GROWTH_S:
            return False
        self._grown = time.monotonic()
        return (await self.catalogue.schema()).count != self._count
