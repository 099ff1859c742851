"""Offer the whole agent as one object: open it, recommend, stream, close."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph.state import CompiledStateGraph
from pydantic import ValidationError

from ..core.errors import InvalidRequestError, TastemakerError
from ..core.schemas import Event, RecommendRequest, RecommendResponse, StreamEvent, ThreadMemory
from ..core.settings import Settings, load_settings
from ..models.registry import Slot, slot_id
from .answer import owner_digest
from .parts import Parts, Shop
from .recommend import build_graph
from .state import State
from .turn import Turn


class Recommender:
    """The recommendation agent.

    >>> async with Recommender() as recommender:  # doctest: +SKIP
    ...     response = await recommender.recommend(user_id="ada", text="a dog outdoors, under 40 euros")
    """

    def __init__(self, settings: Settings | None = None, *, parts: Parts | None = None) -> None:
        self.settings = settings or (parts.settings if parts else load_settings())
        self.parts = parts or Parts.from_settings(self.settings)
        self.graph: CompiledStateGraph[State, Turn, Any, Any] = build_graph()
        self._threads: aiosqlite.Connection | None = None

    @classmethod
    async def open(cls, settings: Settings | None = None, **overrides: Any) -> Self:
        """Return a ready recommender; ``overrides`` are settings such as ``home=...``.

        Raises:
            ConfigurationError: a setting is wrong.
        """
        return await cls(settings or load_settings(**overrides)).start()

    async def start(self) -> Self:
        """Open the thread store; models and catalogues open on first use."""
        path = self.settings.threads_path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._threads = await aiosqlite.connect(path, timeout=10.0)
        saver = AsyncSqliteSaver(self._threads)
        await saver.setup()
        await self._threads.execute("PRAGMA synchronous=NORMAL")
        self.graph = build_graph(saver)
        return self

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every store."""
        await self.parts.close()
        if self._threads is not None:
            await self._threads.close()
            self._threads = None

    async def recommend(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        allow_paths: bool = True,
        **fields: Any,
    ) -> RecommendResponse:
        """Answer one request, given whole or as fields (``user_id=``, ``text=``, ``images=[{"path": ...}]`` ...).

        Raises:
            InvalidRequestError: a field breaks a limit.
        """
        response: dict[str, Any] | None = None
        async with contextlib.aclosing(
            self.stream(request, prompt_versions=prompt_versions, allow_paths=allow_paths, **fields)
        ) as events:
            async for event in events:
                if event.event == "done":
                    response = event.data
        assert response is not None
        return RecommendResponse.model_validate(response)

    async def stream(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        allow_paths: bool = True,
        **fields: Any,
    ) -> AsyncGenerator[StreamEvent]:
        """Yield events as they happen; the last one is ``done`` with the whole response.

        Leaving the loop early cancels the work and removes the temporary files.

        Raises:
            InvalidRequestError: a field breaks a limit.
        """
        started = time.monotonic()
        request = _as_request(request, fields)
        shop = await self.parts.shop(request.tenant)
        thread_id = request.thread_id or uuid.uuid4().hex
        config: Any = {"configurable": {"thread_id": f"{request.tenant}/{thread_id}"}}
        await self._check_owner(config, request)
        workdir = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="tastemaker-"))
        budget_s = (request.max_ms or self.settings.max_ms) / 1000
        turn = Turn(
            parts=self.parts,
            shop=shop,
            thread_id=thread_id,
            workdir=workdir,
            deadline=started + budget_s,
            prompt_versions=prompt_versions or {},
            allow_paths=allow_paths,
        )
        try:
            async for event in self._run(request, turn, config):
                yield event
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, workdir, ignore_errors=True))

    async def _run(self, request: RecommendRequest, turn: Turn, config: Any) -> AsyncGenerator[StreamEvent]:
        stream = self.graph.astream(
            cast(Any, {"request": request}),
            config=config,
            context=turn,
            stream_mode="custom",
            durability="exit" if self._threads else None,
        )
        done: StreamEvent | None = None
        async with contextlib.aclosing(cast(AsyncGenerator[StreamEvent], stream)) as events:
            async for event in events:
                if event.event == "done":
                    done = event
                else:
                    yield event
        if done is None:
            raise TastemakerError("the graph ended without a response")
        yield done  # after the thread is saved, so that the next turn finds it

    async def _check_owner(self, config: Any, request: RecommendRequest) -> None:
        if request.thread_id is None or self._threads is None:
            return
        snapshot = await self.graph.aget_state(config)
        owner = ThreadMemory.model_validate(snapshot.values.get("memory", {})).owner
        if owner and owner != owner_digest(request.user_id):
            raise InvalidRequestError("thread_id", "this thread belongs to another user; omit it to start a new one")

    async def feedback(self, events: Sequence[Event], tenant: str = "default") -> int:
        """Store events; returns how many were new.

        Raises:
            StoreError: the history cannot be written.
        """
        return await (await self.parts.shop(tenant)).history.add(events)

    async def warm(self) -> None:
        """Load the models that the common path needs, so that the first request is quick; failures stay for later."""
        with contextlib.suppress(TastemakerError):
            await self.parts.image_text.embed_texts(["warm up"])
        for part in (self.parts.captioner, self.parts.transcriber):
            with contextlib.suppress(TastemakerError):
                await _open(part)
        with contextlib.suppress(TastemakerError):
            await self.parts.shop("default")

    async def health(self) -> dict[str, dict[str, str]]:
        """Return for each slot its ``state`` (ok, degraded, down) and a ``detail``."""
        shop = await self.parts.shop("default")
        report = {
            "catalogue": await _probe(_count(shop)),
            "history": await _probe(_version(shop)),
            "threads": {"state": "ok" if self._threads else "down", "detail": "SQLite"},
        }
        parts: tuple[tuple[Slot, object], ...] = (
            ("image_text", self.parts.image_text),
            ("captioner", self.parts.captioner),
            ("transcriber", self.parts.transcriber),
        )
        for slot, part in parts:
            state = getattr(part, "state", "ok")
            good = state in {"ok", "idle"}
            detail = slot_id(self.settings, slot) if good else state
            report[slot] = {"state": "ok" if good else "degraded", "detail": detail}
        alive = await self.parts.chat.health()
        report["llm"] = {"state": "ok" if alive else "degraded", "detail": slot_id(self.settings, "llm")}
        return report


async def _open(part: Any) -> None:
    get = getattr(part, "get", None)
    if get is not None:
        back_end = await get()
        warm = getattr(back_end, "warm", None)
        if warm is not None:
            await warm()


async def _count(shop: Shop) -> str:
    return f"{(await shop.catalogue.schema()).count} items"


async def _version(shop: Shop) -> str:
    return f"version {await shop.history.version()}"


async def _probe(work: Any) -> dict[str, str]:
    try:
        return {"state": "ok", "detail": await asyncio.wait_for(work, 5.0)}
    except (TastemakerError, TimeoutError) as error:
        return {"state": "down", "detail": str(error) or "no answer within 5 s"}


def _as_request(request: RecommendRequest | None, fields: Mapping[str, Any]) -> RecommendRequest:
    """Return the request, built from fields if need be.

    Raises:
        InvalidRequestError: the first field that is wrong.
    """
    if request is not None:
        return request.model_copy(update=dict(fields)) if fields else request
    try:
        return RecommendRequest.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"]).lstrip(".")
        raise InvalidRequestError(path or "request", first["msg"]) from error
