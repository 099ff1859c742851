"""Break every dependency in turn and in pairs under light load: killed, hung, slow, corrupt, a full disk, a clock that jumps.

Every request must be answered within its budget, with items that keep its conditions, and say what was missing; what was acknowledged
must be stored; and when the fault ends, answers must be whole again without a restart. The catalogue, history and threads are real
ones on disk, the models stand-ins; a fault comes between them and the graph.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import io
import itertools
import resource
import sqlite3
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import numpy as np
from PIL import Image

from ...core.errors import BackEndUnavailable, StoreError, TastemakerError
from ...core.schemas import Event, Item, RecommendRequest, RecommendResponse
from ...core.settings import Settings, TimeoutSettings
from ...graphs.recommender import Recommender
from ...graphs.shop.services import Services
from ...graphs.threads.saver import ThreadSaver
from ...graphs.turn.breaker import Breakers
from ...stores.catalogue.columns import ItemRow
from ...stores.catalogue.lance_catalogue import LanceCatalogue
from ...stores.database import Database
from ...stores.events.co_occurrence import CoOccurrence
from ...stores.events.history import SqlHistory
from ..reporting.report import report
from ..stand_ins import DIM, constant_services

Kind = Literal["killed", "hung", "slow", "corrupt"]
KINDS: tuple[Kind, ...] = ("killed", "hung", "slow", "corrupt")
PARTS = ("vllm", "embedder", "captioner", "transcriber", "lancedb", "history", "threads")
OF_THE_MACHINE = ("disk full", "clock + 1 day", "clock - 1 day")
BUDGET_MS, GRACE_MS = 5_000, 1_000
"""A request's budget, and what a loaded machine may take beyond it."""
MOST_EUROS = 40
AT_ONCE, REQUESTS = 4, 8
SLOW_S, HUNG_S = 0.15, 600.0
RECOVERY_S = 15.0
PAUSE_S = 0.5
"""Seconds for which a broken part is left alone here; shorter than in service, for the sake of the bench."""
TARGETS = {"late": 0, "unanswered": 0, "condition_broken": 0, "unlabelled": 0, "lost": 0, "not_recovered": 0}
TIMEOUTS = TimeoutSettings(
    admit_s=3.0,
    caption_s=1.0,
    transcribe_s=1.0,
    history_s=1.0,
    understand_s=1.0,
    consistency_s=1.0,
    retrieve_s=1.0,
    compose_s=1.0,
)


@dataclass
class Faults:
    """Which parts are broken now, and how."""

    now: dict[str, Kind] = field(default_factory=dict)

    async def meet(self, part: str) -> None:
        """Do what a broken part does before it could answer."""
        kind = self.now.get(part)
        if kind == "slow":
            await asyncio.sleep(SLOW_S)
        elif kind == "hung":
            await asyncio.sleep(HUNG_S)
        elif kind == "killed" or (kind == "corrupt" and part in ERRORS):
            raise ERRORS.get(part, BackEndUnavailable)(f"{part} is {kind}")


ERRORS: dict[str, type[Exception]] = {
    "lancedb": StoreError, "history": StoreError, "threads": sqlite3.OperationalError,
}  # fmt: skip
"""What a part raises that cannot be read, also where its data are corrupt: what its library raises is translated so."""


class Faulty:
    """A part with faults before it; where it is corrupt, its answers are junk."""

    def __init__(self, inner: Any, part: str, faults: Faults) -> None:
        self._inner, self._part, self._faults = inner, part, faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if inspect.isasyncgenfunction(found):
            return self._streaming(found)
        return self._calling(found) if inspect.iscoroutinefunction(found) else found

    def _calling(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **options: Any) -> Any:
            await self._faults.meet(self._part)
            answer = await method(*args, **options)
            return junk(answer) if self._faults.now.get(self._part) == "corrupt" else answer

        return call

    def _streaming(self, method: Callable[..., Any]) -> Callable[..., AsyncIterator[Any]]:
        async def stream(*args: Any, **options: Any) -> AsyncIterator[Any]:
            await self._faults.meet(self._part)
            async for piece in method(*args, **options):
                yield junk(piece) if self._faults.now.get(self._part) == "corrupt" else piece

        return stream


def junk(answer: Any) -> Any:
    """Return an answer of the same type that makes no sense."""
    if isinstance(answer, np.ndarray):
        return np.full((len(answer), 3), np.nan, dtype=np.float32)
    if hasattr(answer, "text"):
        return answer.model_copy(update={"text": '{"message": 7, "picks": [[" \x00'})
    return answer


async def run(parts: Sequence[str] = PARTS, kinds: Sequence[Kind] = KINDS, *, pairs: bool = True) -> dict[str, Any]:
    """Return a row for each fault, and the sums."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), timeouts=TIMEOUTS, max_ms=BUDGET_MS)
        bench = await Bench.open(settings)
        try:
            rows = [await bench.case({part: kind}) for part in parts for kind in kinds]
            rows += [await bench.machine(name) for name in OF_THE_MACHINE]
            both = itertools.permutations(parts, 2) if pairs else ()
            rows += [await bench.case({one: "killed", other: "hung"}) for one, other in both]
        finally:
            await bench.recommender.close()
    sums = {name: sum(row[name] for row in rows) for name in TARGETS}
    slowest = max(row["slowest_ms"] for row in rows)
    return report("faults", {**sums, "slowest_ms": slowest, "rows": rows}, n=len(rows), targets=TARGETS)


class Bench:
    """A recommender over small real stores, and the faults before its parts."""

    def __init__(self, recommender: Recommender, faults: Faults) -> None:
        self.recommender, self.faults = recommender, faults
        self._events = itertools.count()

    @classmethod
    async def open(cls, settings: Settings) -> Bench:
        """Fill the stores and put the faults before every part."""
        faults = Faults()
        services = await _services(settings, faults)
        recommender = await Recommender(settings, services=services).start()
        saver = recommender._threads.saver if recommender._threads else None
        if isinstance(saver, ThreadSaver):
            broken: Any = Faulty(saver, "threads", faults).on_worker
            setattr(saver, "on_worker", broken)  # noqa: B010  mypy would not have a method replaced
        bench = cls(recommender, faults)
        await bench._whole()
        return bench

    async def case(self, broken: dict[str, Kind]) -> dict[str, Any]:
        """Break parts, ask under light load, mend them, and say what happened."""
        return await self._row(" + ".join(f"{part} {kind}" for part, kind in broken.items()), broken)

    async def machine(self, name: str) -> dict[str, Any]:
        """Fill the disk or move the clock instead."""
        with full_disk() if name == "disk full" else clock(86_400.0 if "+" in name else -86_400.0):
            row = await self._row(name, {}, mend=False)
        recovered_s = await self._recovery()
        ended = {"recovered_s": round(recovered_s, 1), "not_recovered": int(recovered_s > RECOVERY_S)}
        return {**row, **ended, "unlabelled": int(name == "disk full" and not row["degraded"])}

    async def _row(self, name: str, broken: dict[str, Kind], *, mend: bool = True) -> dict[str, Any]:
        self.faults.now = dict(broken)
        thread = await self._known_thread()
        asked = [self._ask(request) for request in itertools.islice(requests(thread), REQUESTS)]
        gate = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(_timed(gate, one) for one in asked))
        stored = await self._feedback(f"user-{next(self._events)}")
        self.faults.now = {}
        recovered_s = await self._recovery() if mend else 0.0
        labels = sorted({d.what for _, answer in answers if answer for d in answer.degraded})
        must_label = any(kind in ("killed", "hung") for kind in broken.values())
        return {
            "fault": name,
            "slowest_ms": round(max(ms for ms, _ in answers)),
            "late": sum(ms > BUDGET_MS + GRACE_MS for ms, _ in answers),
            "unanswered": sum(answer is None or not answer.items for _, answer in answers),
            "condition_broken": sum(_breaks(answer) for _, answer in answers),
            "unlabelled": int(must_label and not labels),
            "lost": int(stored is False),
            "not_recovered": int(recovered_s > RECOVERY_S),
            "recovered_s": round(recovered_s, 1),
            "degraded": labels,
        }

    async def _known_thread(self) -> str | None:
        """Return a thread to go on with, begun while nothing is broken."""
        now, self.faults.now = self.faults.now, {}
        answer = await self._ask(RecommendRequest(text="a print under 40 euros", user_id="ada", words=False))
        self.faults.now = now
        return answer.thread_id if answer else None

    async def _ask(self, request: RecommendRequest) -> RecommendResponse | None:
        try:
            return await self.recommender.recommend(request)
        except (TastemakerError, TimeoutError, OSError, sqlite3.Error):
            return None

    async def _feedback(self, user: str) -> bool | None:
        """Send an event; return whether it is stored if that was acknowledged, None if it was not."""
        try:
            async with asyncio.timeout(BUDGET_MS / 1000):
                await self.recommender.feedback([Event(user_id=user, item_id="p1", kind="like")])
        except (TastemakerError, TimeoutError, OSError):
            return None
        now, self.faults.now = self.faults.now, {}
        async with self.recommender.services.lend("default") as shop:
            found = (await shop.history.profile(user)).liked == ("p1",)
        self.faults.now = now
        return found

    async def _recovery(self) -> float:
        """Return the seconds until answers are whole again."""
        began = time.monotonic()
        while time.monotonic() - began <= RECOVERY_S:
            if await self._whole():
                return time.monotonic() - began
            await asyncio.sleep(0.1)
        return RECOVERY_S + 1

    async def _whole(self) -> bool:
        answers = [await self._ask(request) for request in itertools.islice(requests(None), 4)]
        return all(answer is not None and not answer.degraded for answer in answers)


def requests(thread: str | None) -> Iterator[RecommendRequest]:
    """Yield requests of every kind, each with a condition and a budget."""
    limit = {"field": "price", "op": "<=", "value": MOST_EUROS}
    media: tuple[dict[str, Any], ...] = (
        {},
        {"images": [{"data": picture()}]},
        {"audio": [{"data": clip()}]},
        {"thread_id": thread, "user_id": "ada"},
    )
    for more in itertools.cycle(media):
        fields = {"text": "a quiet print", "constraints": [limit], "max_ms": BUDGET_MS, "n": 5, **more}
        yield RecommendRequest.model_validate(fields)


async def _timed(gate: asyncio.Semaphore, work: Any) -> tuple[float, RecommendResponse | None]:
    async with gate:
        began = time.monotonic()
        answer = None
        try:
            async with asyncio.timeout(3 * BUDGET_MS / 1000):
                answer = await work
        except TimeoutError:
            answer = None
        return (time.monotonic() - began) * 1000, answer


def _breaks(answer: RecommendResponse | None) -> bool:
    return answer is not None and any(float(str(i.attributes["price"])) > MOST_EUROS for i in answer.items)


async def _services(settings: Settings, faults: Faults) -> Services:
    catalogue = await LanceCatalogue.open(str(settings.home / "catalogue"), "default")
    await catalogue.upsert(stock())
    await catalogue.mark_price("price", "EUR")
    history = SqlHistory(Database(settings.history_url), "default", own=True)
    services = constant_services(settings)

    async def stores(tenant: str) -> Any:
        watched = Faulty(history, "history", faults)
        return Faulty(catalogue, "lancedb", faults), watched, CoOccurrence(watched)

    services.open_stores = stores
    for part, name in (
        ("embedder", "image_text"),
        ("captioner", "captioner"),
        ("transcriber", "transcriber"),
        ("vllm", "chat"),
    ):
        setattr(services, name, Faulty(getattr(services, name), part, faults))
    services.breakers = Breakers(PAUSE_S)
    services.rebuild()
    services.composer.guided = False  # asked about every item, so that its lack is one
    return services


def stock() -> list[ItemRow]:
    """Return prints at 10 to 69 euros."""
    rng = np.random.default_rng(0)
    rows = []
    for n in range(60):
        vector = rng.normal(size=DIM).astype(np.float32)
        vector /= np.linalg.norm(vector)
        item = Item(item_id=f"p{n}", title=f"Quiet print {n}", text="A print.", attributes={"price": float(10 + n)})
        rows.append(ItemRow(item=item, text_vector=vector, image_vector=vector, digest=str(n)))
    return rows


def picture() -> str:
    """Return a photo, base64-encoded."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(buffer, "JPEG")
    return base64.b64encode(buffer.getvalue()).decode()


def clip() -> str:
    """Return a second of sound, base64-encoded."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.tile(np.array([0, 9000, 0, -9000], dtype="<i2"), 4_000).tobytes())
    return base64.b64encode(buffer.getvalue()).decode()


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def clock(by_s: float) -> Iterator[None]:
    """Move the wall clock."""
    now, now_ns = time.time, time.time_ns
    with patch("time.time", lambda: now() + by_s), patch("time.time_ns", lambda: now_ns() + int(by_s * 1e9)):
        yield
